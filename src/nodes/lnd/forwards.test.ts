import { expect, it } from 'vitest';
import { advance } from './forwards.ts';
import type { ForwardingEvent } from './proto/lightning.ts';

/** A forward in this second, told in ns. */
const at = (second: number, ns: number) =>
  ({ timestamp_ns: `${second}${ns.toString().padStart(9, '0')}` }) as ForwardingEvent;

/** LND's history: what comes from `start` on, without the first `offset` of them. */
const ask = (history: readonly ForwardingEvent[], { start, offset }: { start: string; offset: number }) =>
  history
    .filter((event) => Number(event.timestamp_ns.slice(0, -9)) >= Number(start))
    .slice(offset, offset + 1_000);

it.each([1, 3, 400, 1_500])(
  'reads each forward once, %i in a second, however its pages fall',
  (perSecond) => {
    for (const size of [1, 7, 333]) {
      const all = Array.from({ length: 2_100 }, (_, n) => at(100 + Math.floor(n / perSecond), n % perSecond));
      const read: ForwardingEvent[] = [];
      let place = { start: '100', offset: 0 };
      for (let there = size; there < all.length + size; there += size) {
        const events = ask(all.slice(0, there), place);
        if (events.length > 0) place = advance(place, events);
        read.push(...events);
      }
      expect(read.map((event) => event.timestamp_ns)).toEqual(all.map((event) => event.timestamp_ns));
    }
  },
);

it('lets LND walk over no more than a page, also where each question brings a single forward', () => {
  let place = { start: '0', offset: 0 };
  for (let n = 0; n < 5_000; n++) {
    place = advance(place, [at(n, 0)]);
    expect(place.offset).toBeLessThan(1_001);
  }
});
