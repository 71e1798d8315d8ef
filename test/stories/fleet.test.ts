/** The same stories as over LND nodes (test/nodes/stories.test.ts), over the practice fleet: the whole product. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchProduct, type Ready } from '../support/product.ts';
import { hashOf, type ToldFleet, tellStories } from '../support/told.ts';
import { eventually } from '../support/well.ts';

interface Held {
  readonly data: readonly {
    readonly name: string;
    readonly channels: readonly { id: string; active: boolean }[];
  }[];
}

async function openPracticeFleet(): Promise<ToldFleet> {
  const folder = mkdtempSync(join(tmpdir(), 'argosy-practice-fleet-'));
  let at: Ready | null = null;
  async function call<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
    const response = await fetch(`${at?.api}/v1/practice${path}`, {
      method,
      headers: { authorization: `Bearer ${at?.key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as T;
  }
  const channelOf = async (name: string, id: string) =>
    (await call<Held>('GET', '/balances')).data
      .find((holder) => holder.name === name)
      ?.channels.find((channel) => channel.id === id);

  return {
    launch: () => launchProduct({ data: join(folder, 'data'), log: join(folder, 'log') }),
    isAt(ready) {
      at = ready;
    },
    people: {
      asks: async (sat) =>
        (await call<{ invoice: string }>('POST', '/people/merchant/invoices', { amount_msat: `${sat}000` }))
          .invoice,
      isPaid: async (bolt11) =>
        (await call<{ state: string }>('GET', `/people/merchant/invoices/${hashOf(bolt11)}`)).state ===
        'settled',
      pays: async (invoice) => void (await call('POST', '/people/exchange/payments', { invoice })),
    },
    die: async (node) => void (await call('POST', `/nodes/${node}/faults`, { how: 'dies' })),
    comeBack: async (node) => void (await call('POST', `/nodes/${node}/heal`, {})),
    async openAndClose(from, sat) {
      const order = { from, to: 'hub', capacity_msat: `${sat}000`, push_msat: '20000000' };
      const { channel } = await call<{ channel: string }>('POST', '/channels', order);
      await eventually('it is active', async () => (await channelOf(from, channel))?.active === true, 60_000);
      await call('POST', `/channels/${channel}/close`, {});
      await eventually('it is gone', async () => (await channelOf(from, channel)) === undefined, 60_000);
    },
    mine: async () => void (await call('POST', '/blocks', { count: 1 })),
    // Own nodes have none by the books, which the story looks at; a stranger's show nowhere.
    hanging: async () => 0,
    stop: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

tellStories('practice nodes', openPracticeFleet);
