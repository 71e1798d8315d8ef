/** LND under the port: what the files beside do, put together. */

import { channelId } from '../../lightning/ids.ts';
import type { Journal } from '../journal.ts';
import type { Facet, Facets, LightningNode, NodeInfo, Subscription } from '../node.ts';
import { type Notebook, openNotebook } from '../notebook.ts';
import { type Accounts, createAccounts, readExpected } from './accounts.ts';
import { closeChannels, pendingHtlcs } from './channels.ts';
import type { LndClient } from './client.ts';
import { readClock } from './clock.ts';
import { type Coins, createCoins } from './coins.ts';
import { keysend } from './facets/keysend.ts';
import { lndFacets, SWITCHED, switchedOff } from './facets.ts';
import { findHanging } from './find_hanging.ts';
import { beginForwards, watchForwards } from './forwards.ts';
import type { Settled } from './hanging.ts';
import { openHistory } from './history.ts';
import { beginInvoices, cancelInvoice, createInvoice, lookupInvoice, watchInvoices } from './invoices.ts';
import { finalHop, nodeInfo, toChannel } from './map.ts';
import { createOpenings, type Openings } from './opening.ts';
import { beginParts, createParts, type Parts } from './parts.ts';
import { findRoutes } from './routes.ts';
import { keepStream, type OnRefused } from './streams.ts';

export interface LndOptions {
  readonly client: LndClient;
  readonly journal: Journal;
}

/** What runs while the node is driven from here. */
interface Driven {
  readonly book: Notebook;
  readonly parts: Parts;
  readonly accounts: Accounts;
  readonly coins: Coins;
  readonly openings: Openings;
  stop(reason: Error | null): Promise<void>;
}

const HEIGHT = 'block';
const CONNECT_SECONDS = '30';
/** LND refuses a keysend that comes later. */
const KEYSEND_VALID_MS = 20_000;

/** Nothing is asked of LND before the first verb; it may be away then, and come later. */
export function openLnd({ client, journal }: LndOptions): LightningNode {
  let driving: Promise<Driven> | null = null;
  let stopped = false;

  /** @throws Error while LND does not answer for the first time, or once the node is stopped */
  async function drive(): Promise<Driven> {
    if (stopped) throw new Error('the node is stopped');
    const current = await driving?.catch(() => null);
    if (current && !current.book.isClosed()) return current;
    driving ??= startDriving(client, journal);
    const mine = driving;
    try {
      const driven = await mine;
      if (!driven.book.isClosed()) return driven;
      await driven.stop(null);
      if (driving === mine) driving = null;
      return drive();
    } catch (error) {
      if (driving === mine) driving = null;
      throw error;
    }
  }
  /** @throws Error once the node is stopped */
  const ask = <T>(call: () => Promise<T>): Promise<T> =>
    stopped ? Promise.reject(new Error('the node is stopped')) : call();

  const closeChannel = closeChannels(client);
  /** What every LND can do. What its options switch on is known once it has answered. */
  const facets: Facets = {
    routes: { find: (question) => ask(() => findRoutes(client, question)) },
    open: {
      open: async (order) => {
        const { openings, accounts } = await drive();
        return openings.open(order).finally(() => accounts.look());
      },
    },
    close: {
      close: async (order) => {
        const { accounts } = await drive();
        return closeChannel(order).finally(() => accounts.look());
      },
    },
  };
  const further = lndFacets(
    client,
    keysend(async (order, lastHop) => {
      const expiresAt = Date.now() + KEYSEND_VALID_MS;
      return (await drive()).parts.send({ ...order, expiresAt }, lastHop);
    }),
  );
  const without = (off: ReadonlySet<Facet>): Facets =>
    Object.fromEntries(Object.entries({ ...facets, ...further }).filter(([name]) => !off.has(name as Facet)));
  let declared: { readonly version: string | null; readonly facets: Facets } = {
    version: null,
    facets: without(SWITCHED),
  };

  async function info(): Promise<NodeInfo> {
    const told = await client.lightning.getInfo({});
    // Options change with a restart, and so does what it says of itself.
    const version = `${told.version} ${Object.keys(told.features).join()}`;
    if (version !== declared.version)
      declared = { version, facets: without(await switchedOff(client, told)) };
    const clock = await readClock(client);
    return { ...nodeInfo(told), ...(clock === 'agrees' ? {} : { clock }) };
  }

  return {
    get facets() {
      return declared.facets;
    },
    info: () => ask(info),
    balances: async () => (await drive()).accounts.balances(),
    channels: () =>
      ask(async () =>
        (await client.lightning.listChannels({ peer_alias_lookup: true })).channels.map(toChannel),
      ),
    invoice: (order) => ask(() => createInvoice(client, order)),
    lookupInvoice: (hash) => ask(() => lookupInvoice(client, hash)),
    cancelInvoice: (hash) => ask(() => cancelInvoice(client, hash)),
    sendPart: async (order) => (await drive()).parts.send(order, finalHop(order)),
    lookup: async (part) => (await drive()).parts.lookup(part),
    pendingHtlcs: async () => pendingHtlcs(client, (await drive()).parts),
    connect: (peer, address) =>
      ask(async () => {
        const addr = { pubkey: peer, host: address };
        await client.lightning.connectPeer({ addr, timeout: CONNECT_SECONDS }).catch((error: Error) => {
          if (!/already connected/.test(error.message)) throw error;
        });
      }),
    address: async () => (await drive()).coins.address(),
    sendOnchain: async (order) => {
      const { coins, accounts } = await drive();
      return coins.send(order).finally(() => accounts.look());
    },
    confirmations: async (txid) => (await drive()).coins.confirmations(txid),
    subscribe: (after, deliver) => lazily(drive().then(({ book }) => book.subscribe(after, deliver))),
    async release() {
      const driven = await driving?.catch(() => null);
      driving = null;
      await driven?.stop(null);
    },
    async stop() {
      stopped = true;
      const driven = await driving?.catch(() => null);
      await driven?.stop(null);
      client.close();
    },
  };
}

async function startDriving(client: LndClient, journal: Journal): Promise<Driven> {
  const counting: { accounts: Accounts | null } = { accounts: null };
  const book = await openNotebook(journal, (event) => counting.accounts?.count(event));
  const tip = { height: 0 };
  const height = async () => tip.height || (await client.lightning.getInfo({})).block_height;
  if (book.newest() === 0) await beginParts(client, book);
  const parts = createParts(client, book, height);
  const expected = await readExpected(journal, book, parts);
  if (expected === null) {
    await beginInvoices(client, book);
    await beginForwards(book, Date.now());
  }
  const settled: Settled = { incoming: new Map(), outgoing: new Map() };
  await findHanging(client, settled, parts.isOwn);
  const history = await openHistory(client, book, parts);
  // Without its streams a node tells nothing: whoever reads them shall know why.
  const onRefused = (reason: Error) => void stop(reason);
  const forwards = watchForwards(client, book, settled, onRefused);
  const catchUp = async () => {
    await Promise.all([forwards.catchUp(), history.catchUp()]);
  };
  const accounts = createAccounts({ client, book, parts, settled, catchUp }, expected);
  counting.accounts = accounts;
  const streams = [
    forwards,
    history,
    watchInvoices(client, book, settled, onRefused),
    watchBlocks(client, book, accounts, tip, onRefused),
    watchChannels(client, book, accounts, onRefused),
    keepStream(
      () => client.lightning.subscribeTransactions({}),
      () => accounts.look(),
      () => accounts.look(),
      onRefused,
    ),
  ];
  async function stop(reason: Error | null): Promise<void> {
    for (const stream of streams) stream.stop();
    parts.stop();
    accounts.stop();
    await book.close(reason);
  }
  // Whoever is overtaken leaves LND alone.
  void book.closed.then(() => stop(null));
  parts.resume();
  return {
    book,
    parts,
    accounts,
    coins: createCoins(client, book),
    openings: createOpenings(client, book),
    stop,
  };
}

/** LND names the newest block when the stream opens: its height is what routes are counted from. */
function watchBlocks(
  client: LndClient,
  book: Notebook,
  accounts: Accounts,
  tip: { height: number },
  onRefused: OnRefused,
) {
  return keepStream(
    () => client.chain.registerBlockEpochNtfn({}),
    async ({ height }) => {
      tip.height = height;
      if (height > Number(book.facts.get(HEIGHT) ?? 0)) {
        await book.note({ events: [{ kind: 'block', height }], facts: [[HEIGHT, height]] });
      }
      accounts.look();
    },
    () => {
      tip.height = 0;
    },
    onRefused,
  );
}

function watchChannels(client: LndClient, book: Notebook, accounts: Accounts, onRefused: OnRefused) {
  return keepStream(
    () => client.lightning.subscribeChannelEvents({}),
    async (update) => {
      const point = update.open_channel?.channel_point ?? update.closed_channel?.channel_point;
      const changed = update.active_channel ?? update.inactive_channel ?? update.fully_resolved_channel;
      const id = point ?? (changed ? pointOf(changed) : null);
      if (id !== null) await book.note({ events: [{ kind: 'channel_changed', channel: channelId(id) }] });
      if (!update.active_channel && !update.inactive_channel) accounts.look();
    },
    () => accounts.look(),
    onRefused,
  );
}

const pointOf = (point: { funding_txid_bytes?: Buffer; funding_txid_str?: string; output_index: number }) =>
  `${
    point.funding_txid_str ||
    Buffer.from(point.funding_txid_bytes ?? [])
      .reverse()
      .toString('hex')
  }:${point.output_index}`;

/** A subscription that is still being made. */
function lazily(making: Promise<Subscription>): Subscription {
  return {
    ended: making.then(
      (subscription) => subscription.ended,
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    ),
    async stop() {
      const subscription = await making.catch(() => null);
      await subscription?.stop();
    },
  };
}
