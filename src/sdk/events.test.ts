/** Events, over connections that break in the midst of them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRelay, type Relay } from '../../test/support/relay.ts';
import { type ServedFleet, startServedFleet } from '../../test/support/served-fleet.ts';
import { eventually } from '../../test/support/well.ts';
import { type Argosy, type ArgosyEvent, createArgosy, type EventOptions } from './index.ts';

let fleet: ServedFleet;
let relay: Relay;
let argosy: Argosy;
let far: Argosy;
beforeAll(async () => {
  fleet = await startServedFleet('sdk-events');
  relay = await openRelay(fleet.api);
  argosy = createArgosy({ api: fleet.api, key: fleet.key });
  far = createArgosy({ api: relay.api, key: fleet.key });
});
afterAll(async () => {
  await relay.stop();
  await fleet.stop();
});

const pay = async (): Promise<string> => {
  const { invoice } = await argosy.practice.invoiceAs('merchant', { amount_msat: 5_000n });
  return (await argosy.payAndWait({ invoice })).id;
};

async function take(count: number, client: Argosy, options: EventOptions): Promise<ArgosyEvent[]> {
  const told: ArgosyEvent[] = [];
  for await (const event of client.events(options)) if (told.push(event) === count) break;
  return told;
}

describe('events', () => {
  it('come each once and in order, however often the connection breaks, also in the midst of one', async () => {
    for (let i = 0; i < 6; i++) await pay();
    const straight = await take(12, argosy, { after: '0' });
    expect(straight.map(({ id }) => id)).toEqual(straight.map((_, index) => String(index + 1)));
    const ended = relay.ended();
    relay.cutAfter(6_000);
    const broken = await take(12, far, { after: '0' });
    relay.cutAfter(null);
    expect(relay.ended() - ended).toBeGreaterThan(1);
    expect(broken).toEqual(straight);
  });

  it('go on behind where they began, when the connection breaks before the first', async () => {
    const before = relay.said().length;
    const news = far.events();
    const first = news.next();
    await eventually('it is told where the stream begins', async () =>
      relay.said().slice(before).includes('id: '),
    );
    const ended = relay.ended();
    relay.cut();
    expect(relay.ended()).toBeGreaterThan(ended);
    const id = await pay();
    const { value } = await first;
    expect(value).toMatchObject({ type: 'payment.pending', subject: id });
    await news.return();
  });

  it('can be chosen by type, and end quietly when the signal comes', async () => {
    const leaving = new AbortController();
    const told: ArgosyEvent[] = [];
    const id = await pay();
    const { signal } = leaving;
    for await (const event of argosy.events({ after: '0', types: ['payment.settled'], signal })) {
      told.push(event);
      if (event.subject === id) leaving.abort();
    }
    expect(new Set(told.map(({ type }) => type))).toEqual(new Set(['payment.settled']));
    expect(told.at(-1)).toMatchObject({ subject: id, data: { state: 'settled' } });
  });

  it('are refused behind what is no id', async () => {
    const asked = argosy.events({ after: 'yesterday' }).next();
    await expect(asked).rejects.toMatchObject({ code: 'cursor_invalid', field: 'Last-Event-ID' });
  });

  it('leave the books as they should be', async () => {
    expect((await argosy.checkBooks()).difference_msat).toBe('0');
  });
});
