import { expect, it } from 'vitest';
import { paymentHash, preimage } from '../../lightning/ids.ts';
import { msat } from '../../money/msat.ts';
import { type Happening, type Journal, memoryJournal } from '../journal.ts';
import { type Notebook, openNotebook } from '../notebook.ts';
import { type Accounts, createAccounts, readExpected } from './accounts.ts';
import type { LndClient } from './client.ts';
import { channelChange } from './explain.ts';
import type { Parts } from './parts.ts';

const START = 1_000_000n;
const received: Happening = {
  kind: 'invoice_settled',
  paymentHash: paymentHash('0a'.repeat(32)),
  receivedMsat: msat(5_000n),
  preimage: preimage('0b'.repeat(32)),
};
const noParts = { open: () => [], settled: () => [], leavesMsat: () => 0n } as unknown as Parts;

/** An LND that holds what it is said to hold. */
function holding(msatOf: () => bigint, channels: readonly object[]): LndClient {
  const lightning = {
    getInfo: async () => ({ block_height: 500 }),
    getTransactions: async () => ({ transactions: [] }),
    listChannels: async () => ({ channels }),
    pendingChannels: async () => ({
      pending_open_channels: [],
      waiting_close_channels: [],
      pending_force_closing_channels: [],
    }),
    channelBalance: async () => ({ local_balance: { msat: msatOf().toString() } }),
    walletBalance: async () => ({ total_balance: '0' }),
  };
  const wallet = { listLeases: async () => ({ locked_utxos: [] }) };
  return { lightning, wallet } as unknown as LndClient;
}

async function open(
  journal: Journal,
  msatOf: () => bigint,
  catchUp = async (_: Notebook) => {},
  { parts = noParts, channels = [] }: { parts?: Parts; channels?: readonly object[] } = {},
) {
  const counting: { accounts: Accounts | null } = { accounts: null };
  const book = await openNotebook(journal, (event) => counting.accounts?.count(event));
  const settled = { incoming: new Map(), outgoing: new Map() };
  const context = {
    ...{ client: holding(msatOf, channels), book, parts, settled },
    catchUp: () => catchUp(book),
  };
  const accounts = createAccounts(context, await readExpected(journal, book, parts));
  counting.accounts = accounts;
  return { book, accounts };
}

it('tells the place at which what it has seen was true, whatever comes while that is written', async () => {
  const kept = memoryJournal();
  let holds = START;
  let armed = false;
  const journal: Journal = {
    ...kept,
    async write(step) {
      if (armed && step.facts.has('expected')) {
        armed = false;
        holds += 5_000n;
        void node.book.note({ events: [received] });
      }
      return kept.write(step);
    },
  };
  const node = await open(journal, () => holds);
  await node.accounts.balances();
  armed = true;
  const { cursor, channelsMsat } = await node.accounts.balances();
  const events = (await kept.after(0, 100)).slice(0, Number(cursor));
  const told = events.reduce((sum, { happening }) => sum + channelChange(happening), START);
  expect(channelsMsat).toBe(told);
  expect(holds).toBe(START + 5_000n);
  expect((await node.accounts.balances()).channelsMsat).toBe(holds);
  node.accounts.stop();
});

it('finds what the events say though the older ones of many were dropped unseen', async () => {
  const kept = memoryJournal();
  let holds = START;
  const first = await open(kept, () => holds);
  await first.accounts.balances();
  for (let n = 0; n < 2_500; n++) {
    holds += 5_000n;
    await first.book.note({ events: [received] });
  }
  first.accounts.stop();
  const short: Journal = {
    ...kept,
    async after(place, limit) {
      if (place < 1_000) throw new Error('dropped');
      return kept.after(place, limit);
    },
  };
  const second = await open(short, () => holds);
  const expected = await readExpected(short, second.book, noParts);
  expect(expected?.channelsMsat).toBe(holds);
  second.accounts.stop();
});

it('has heard of every forward that is in the opening balance', async () => {
  let told = false;
  const earned: Happening = { kind: 'forwarded', amountMsat: msat(9n), feeMsat: msat(1n) };
  const node = await open(
    memoryJournal(),
    () => START,
    async (book) => {
      if (!told) await book.note({ events: [earned] });
      told = true;
    },
  );
  expect(await node.accounts.balances()).toMatchObject({ cursor: '1', channelsMsat: START });
  node.accounts.stop();
});

it('takes the HTLC of a part in flight for none of its settled sister, whose amount is the same in satoshis', async () => {
  const hash = '0a'.repeat(32);
  const htlc = { hash_lock: Buffer.from(hash, 'hex'), amount: '300', incoming: false, htlc_index: '1' };
  const channel = {
    ...{ channel_point: 'aa:0', chan_id: '1', capacity: '9000', push_amount_sat: '0' },
    pending_htlcs: [htlc],
  };
  const parts = {
    ...noParts,
    open: () => [{ hash, leavesMsat: 300_001n, attempt: '2' }],
    settled: () => [300_000n],
  } as unknown as Parts;
  const node = await open(memoryJournal(), () => START, undefined, { parts, channels: [channel] });
  expect((await node.accounts.balances()).channelsMsat).toBe(START - 300_001n);
  node.accounts.stop();
});
