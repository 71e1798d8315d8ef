/** Hears of the ends of payments as an integrator would: over `/v1/events`, one stream for all. */
import type { Argosy } from '../src/sdk/index.ts';

export type End = 'settled' | 'failed';

export interface Ends {
  /** The end of a payment, also of one that has ended already. Ask once for each. */
  of(id: string): Promise<End>;
  /** Rejects when the stream cannot go on. */
  readonly broken: Promise<never>;
  stop(): void;
}

export function listenForEnds(argosy: Argosy): Ends {
  const over = new Map<string, End>();
  const waiting = new Map<string, (end: End) => void>();
  const stopping = new AbortController();
  const types = ['payment.settled', 'payment.failed'];
  const listen = async (): Promise<void> => {
    for await (const { type, subject } of argosy.events({ after: '0', types, signal: stopping.signal })) {
      const end = type === 'payment.settled' ? 'settled' : 'failed';
      const tell = waiting.get(subject);
      waiting.delete(subject);
      if (tell === undefined) over.set(subject, end);
      else tell(end);
    }
  };
  const broken = new Promise<never>((_, reject) => {
    listen().catch(reject);
  });
  return {
    of(id) {
      const known = over.get(id);
      over.delete(id);
      return known === undefined
        ? new Promise((resolve) => waiting.set(id, resolve))
        : Promise.resolve(known);
    },
    broken,
    stop: () => stopping.abort(),
  };
}
