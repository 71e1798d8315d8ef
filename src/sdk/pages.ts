/** A list that comes in pages: as its items one by one, or page by page. */
import { call } from './call.ts';
import type { Connection } from './exchange.ts';
import type { Page } from './shapes.ts';

export interface PageOptions {
  /** Items in a page, 1 to 200. Default: 50. */
  readonly limit?: number | undefined;
  /** `next_cursor` of the page before; default: the newest first. */
  readonly cursor?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Nothing is asked for before the first item is wanted, and no page before its first item is. */
export interface Pages<T> extends AsyncIterable<T> {
  /** One page, from where `cursor` says. @throws ArgosyProblem cursor_invalid, Unreachable */
  page(): Promise<Page<T>>;
}

export function pagesOf<T>(connection: Connection, path: string, options: PageOptions = {}): Pages<T> {
  const { limit, signal } = options;
  const read = (cursor: string | undefined): Promise<Page<T>> => {
    const query = new URLSearchParams({
      ...(limit === undefined ? {} : { limit: String(limit) }),
      ...(cursor === undefined ? {} : { cursor }),
    }).toString();
    const asked = query === '' ? path : `${path}?${query}`;
    return call<Page<T>>(connection, { method: 'GET', path: asked, acts: false, signal });
  };
  return {
    page: () => read(options.cursor),
    async *[Symbol.asyncIterator]() {
      let cursor = options.cursor;
      for (;;) {
        const { data, next_cursor } = await read(cursor);
        yield* data;
        if (next_cursor === null) return;
        if (next_cursor === cursor) throw new Error(`the cursor ${cursor} of ${path} leads to itself`);
        cursor = next_cursor;
      }
    },
  };
}
