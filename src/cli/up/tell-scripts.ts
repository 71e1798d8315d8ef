/** `up --json`: one event a line; `ready` is the last one. */
import { mapLink } from '../commands/map.ts';
import { type Output, toJson } from '../output.ts';
import type { Teller } from './tell.ts';

export function tellScripts({ print }: Output): Teller {
  const tell = (event: string, data: object): void => print(toJson({ event, ...data }));
  return {
    welcome() {},
    step: (step) => tell('step', step),
    nodes: (nodes) => tell('nodes', { data: nodes }),
    quote: (quote) => tell('quote', quote),
    payment: (payment) => tell('payment', payment),
    books: (books) => tell('books', books),
    trouble: (problem) => tell('problem', problem.document),
    ready: ({ api, key, practice }) =>
      tell('ready', {
        api,
        key,
        openapi: `${api}/v1/openapi.json`,
        map: mapLink({ api, key }),
        ...(practice ?? { own_fleet: true }),
      }),
    stopping() {},
  };
}
