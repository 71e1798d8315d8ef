/** The parts that the journal remembers: those under way, and as many that have ended as events are kept. */
import { type Happening, KEPT_EVENTS } from '../journal.ts';
import type { Notebook } from '../notebook.ts';
import type { Sent } from './attempts.ts';

const PREFIX = 'send:';

export interface SentParts {
  read(token: string): Sent | null;
  /** All of a hash. */
  family(hash: string): Sent[];
  /** Is there any of the hash? */
  has(hash: string): boolean;
  /** By token: those without an end. */
  readonly open: ReadonlyMap<string, Sent>;
  /** The highest number of an attempt that any of them knew of. */
  newestAttempt(): bigint;
  save(token: string, sent: Sent, events?: readonly Happening[]): Promise<void>;
}

export function rememberParts(book: Notebook): SentParts {
  const remembered = [...book.facts]
    .filter(([key]) => key.startsWith(PREFIX))
    .map(([key, sent]): [string, Sent] => [key.slice(PREFIX.length), sent as Sent]);
  const open = new Map(remembered.filter(([, sent]) => sent.end === null));
  const byHash = new Map<string, Set<string>>();
  for (const [token, { hash }] of remembered) byHash.set(hash, (byHash.get(hash) ?? new Set()).add(token));
  /** Oldest first. */
  const ended = remembered
    .filter(([, sent]) => sent.end !== null)
    .sort(([, a], [, b]) => a.place - b.place)
    .map(([token]) => token);
  const read = (token: string): Sent | null => (book.facts.get(PREFIX + token) as Sent | undefined) ?? null;

  function forget(token: string): void {
    const hash = read(token)?.hash ?? '';
    const tokens = byHash.get(hash);
    tokens?.delete(token);
    if (tokens?.size === 0) byHash.delete(hash);
  }

  return {
    read,
    open,
    family: (hash) => [...(byHash.get(hash) ?? [])].flatMap((token) => read(token) ?? []),
    has: (hash) => byHash.has(hash),
    newestAttempt: () =>
      remembered
        .flatMap(([, sent]) => [BigInt(sent.attempt ?? 0), BigInt(sent.after)])
        .reduce((most, each) => (each > most ? each : most), 0n),
    save(token, sent, events = []) {
      const facts: [string, Sent | null][] = [[PREFIX + token, sent]];
      byHash.set(sent.hash, (byHash.get(sent.hash) ?? new Set()).add(token));
      if (sent.end === null) open.set(token, sent);
      else {
        open.delete(token);
        ended.push(token);
        const gone = ended.length > KEPT_EVENTS ? ended.shift() : undefined;
        if (gone !== undefined) {
          facts.push([PREFIX + gone, null]);
          forget(gone);
        }
      }
      return book.note({ events, facts });
    },
  };
}
