/**
 * Channels are opened once for each token. LND agrees with the peer on a channel over a transaction that nobody has
 * signed; once both know the channel it is signed here, noted, and only then published, by nobody else. So nothing that
 * is lost on the way has opened a channel: the PSBT flow of LND, with `no_publish` and `skip_finalize`.
 */
import { createHash, randomBytes } from 'node:crypto';
import { Transaction } from '@scure/btc-signer';
import { type ChannelId, channelId, untrusted } from '../../lightning/ids.ts';
import { MSAT_PER_SAT } from '../../money/msat.ts';
import type { OpenAnswer, OpenOrder, OpenRefusal } from '../node.ts';
import type { Notebook } from '../notebook.ts';
import { isAway, isSlow, LndError } from './call.ts';
import type { LndClient } from './client.ts';
import { bytes, hex } from './map.ts';
import type { OpenStatusUpdate } from './proto/lightning.ts';
import { feeOf, labelOf, publish, walletTransaction } from './publishing.ts';

/** What is noted of an opening, by its token. */
type Opening =
  /** LND was asked. */
  | { readonly stage: 'begun'; readonly tries: number; readonly pendingId: string }
  /** The transaction is known, and nobody has signed it. */
  | {
      readonly stage: 'funded';
      readonly tries: number;
      readonly pendingId: string;
      readonly txid: string;
      readonly psbt: string;
      readonly locks: readonly Lock[];
    }
  /** Both ends have the channel; published as often as it is asked for. */
  | { readonly stage: 'signed'; readonly channel: ChannelId; readonly txid: string; readonly raw: string }
  | { readonly stage: 'published'; readonly channel: ChannelId }
  | { readonly stage: 'refused'; readonly reason: OpenRefusal; readonly detail: string };
type Funded = Extract<Opening, { stage: 'funded' }>;
type Signed = Extract<Opening, { stage: 'signed' }>;

/** A coin that LND's wallet keeps for the transaction. */
interface Lock {
  readonly id: string;
  readonly outpoint: string;
}

const PREFIX = 'opening:';
/** The peer has so long to agree; ms. */
const PEER_MS = 15_000;
/** What was under way when this process, or LND, ended may still come to its end; ms. */
const SETTLING_MS = 5_000;
const POLL_MS = 250;
const TRIES = 3;

/** A channel that counts before it is confirmed has no place in the chain to be named by. Source: BOLT 2. */
const ZERO_CONF = { zero_conf: true, scid_alias: true, private: true, commitment_type: 'ANCHORS' } as const;

export interface Openings {
  /** @throws Error when LND does not answer: asked again, it goes on from where it was */
  open(order: OpenOrder): Promise<OpenAnswer>;
}

export function createOpenings(client: LndClient, book: Notebook): Openings {
  const running = new Map<string, Promise<OpenAnswer>>();

  const note = async <Stage extends Opening>(token: string, opening: Stage): Promise<Stage> => {
    await book.note({ facts: [[PREFIX + token, opening]] });
    return opening;
  };

  async function open(order: OpenOrder): Promise<OpenAnswer> {
    const before = (book.facts.get(PREFIX + order.token) ?? null) as Opening | null;
    switch (before?.stage) {
      case 'refused':
        return { kind: 'refused', reason: before.reason, detail: untrusted(before.detail) };
      case 'published':
        return { kind: 'opened', channel: before.channel };
      case 'signed':
        return publishNow(order.token, before);
      case 'funded':
        return (await isAgreed(client, before.txid)) ? signAndPublish(order, before) : again(order, before);
      case 'begun':
        return again(order, before);
      default:
        return (await findForgotten(client, order.token)) ?? begin(order, 1);
    }
  }

  /** What is noted was never signed, so it was never published. */
  async function again(
    order: OpenOrder,
    before: Exclude<Opening, { channel: unknown }>,
  ): Promise<OpenAnswer> {
    await drop(client, before);
    const tries = 'tries' in before ? before.tries : TRIES;
    if (tries < TRIES) return begin(order, tries + 1);
    return refuse(order.token, 'peer_refused', `it came to no end in ${TRIES} tries`);
  }

  async function begin(order: OpenOrder, tries: number): Promise<OpenAnswer> {
    const pendingId = randomBytes(32).toString('hex');
    let opening: Exclude<Opening, { channel: unknown }> = { stage: 'begun', tries, pendingId };
    // Whoever has overtaken this process goes on alone: then this throws, and nothing was begun.
    await note(order.token, opening);
    try {
      const asked = ask(client, order, pendingId);
      try {
        const { funding_address: address } = await asked.until((update) => update.psbt_fund);
        const funded = await fund(client, order, address);
        opening = { ...funded, stage: 'funded', tries, pendingId };
        await note(order.token, opening);
        await client.lightning.fundingStateStep({
          psbt_verify: {
            pending_chan_id: bytes(pendingId),
            funded_psbt: bytes(funded.psbt),
            skip_finalize: true,
          },
        });
        await asked.until((update) => update.chan_pending);
      } finally {
        asked.leave();
      }
      return await signAndPublish(order, opening);
    } catch (error) {
      const noted = book.facts.get(PREFIX + order.token) as Opening | undefined;
      const unsigned = noted?.stage === 'begun' || noted?.stage === 'funded';
      if (!(error instanceof LndError) || isAway(error) || !unsigned) throw error;
      await drop(client, opening);
      return refuse(order.token, reasonOf(error), error.message);
    }
  }

  async function refuse(token: string, reason: OpenRefusal, detail: string): Promise<OpenAnswer> {
    await note(token, { stage: 'refused', reason, detail });
    return { kind: 'refused', reason, detail: untrusted(detail) };
  }

  async function signAndPublish(order: OpenOrder, opening: Opening): Promise<OpenAnswer> {
    if (opening.stage !== 'funded') throw new Error('LND has the channel before its transaction is known');
    const channel = await agreedChannel(client, opening.txid);
    if (channel === null) throw new Error(`LND forgot the channel of ${opening.txid}`);
    const { raw_final_tx: raw } = await client.wallet.finalizePsbt({ funded_psbt: bytes(opening.psbt) });
    const { id } = Transaction.fromRaw(raw, { allowUnknownOutputs: true, allowUnknownInputs: true });
    if (id !== opening.txid) throw new Error(`the signed transaction is ${id}, not ${opening.txid}`);
    const signed = { stage: 'signed', channel, txid: id, raw: hex(raw) } as const;
    return publishNow(order.token, await note(order.token, signed));
  }

  async function publishNow(token: string, { channel, txid, raw }: Signed): Promise<OpenAnswer> {
    await publish(client, { txid, raw, token });
    await note(token, { stage: 'published', channel });
    return { kind: 'opened', channel };
  }

  return {
    open(order) {
      const same = running.get(order.token);
      if (same !== undefined) return same;
      const mine = open(order).finally(() => running.delete(order.token));
      running.set(order.token, mine);
      return mine;
    },
  };
}

/** The opening at LND, told step by step. */
function ask(client: LndClient, order: OpenOrder, pendingId: string) {
  const updates = client.lightning.openChannel(
    {
      node_pubkey: bytes(order.peer),
      local_funding_amount: (order.capacityMsat / MSAT_PER_SAT).toString(),
      push_sat: (order.pushMsat / MSAT_PER_SAT).toString(),
      private: order.private,
      memo: labelOf(order.token),
      ...(order.zeroConf && ZERO_CONF),
      funding_shim: { psbt_shim: { pending_chan_id: bytes(pendingId), no_publish: true } },
    },
    { deadlineMs: PEER_MS },
  );
  const steps = updates[Symbol.asyncIterator]();
  return {
    async until<Step>(pick: (update: OpenStatusUpdate) => Step | undefined): Promise<Step> {
      for (;;) {
        const { value, done } = await steps.next();
        if (done) throw new Error('LND ended the opening of the channel without a word');
        const step = pick(value);
        if (step) return step;
      }
    },
    leave: () => updates.cancel(),
  };
}

async function fund(
  { wallet }: LndClient,
  { capacityMsat, feeRateSatPerVb }: OpenOrder,
  address: string,
): Promise<Pick<Funded, 'txid' | 'psbt' | 'locks'>> {
  const { funded_psbt: psbt, locked_utxos } = await wallet.fundPsbt({
    raw: { outputs: { [address]: (capacityMsat / MSAT_PER_SAT).toString() } },
    ...feeOf(feeRateSatPerVb),
    min_confs: 0,
    spend_unconfirmed: true,
  });
  const locks = locked_utxos.map(({ id, outpoint }) => ({
    id: hex(id),
    outpoint: `${outpoint?.txid_str}:${outpoint?.output_index}`,
  }));
  return { txid: unsignedTxid(psbt), psbt: hex(psbt), locks };
}

/** Of a transaction with SegWit inputs alone, which LND insists on: signing does not change it. */
function unsignedTxid(psbt: Uint8Array): string {
  const { unsignedTx } = Transaction.fromPSBT(psbt, { allowUnknown: true });
  const once = createHash('sha256').update(unsignedTx).digest();
  return hex(createHash('sha256').update(once).digest().reverse());
}

async function agreedChannel({ lightning }: LndClient, txid: string): Promise<ChannelId | null> {
  const [{ pending_open_channels: opening }, { channels }] = await Promise.all([
    lightning.pendingChannels({}),
    lightning.listChannels({}),
  ]);
  const points = [...opening.map(({ channel }) => channel?.channel_point ?? ''), ...channels.map(pointOf)];
  const found = points.find((point) => point.startsWith(`${txid}:`));
  return found === undefined ? null : channelId(found);
}
const pointOf = ({ channel_point }: { readonly channel_point: string }): string => channel_point;

/** Has LND written the channel down? The peer's signature may be on its way. */
async function isAgreed(client: LndClient, txid: string): Promise<boolean> {
  for (const until = Date.now() + SETTLING_MS; ; ) {
    if ((await agreedChannel(client, txid)) !== null) return true;
    if (Date.now() > until) return false;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Best effort: LND forgets what it was asked for when it ends, and frees the coins after ten minutes. */
async function drop({ lightning, wallet }: LndClient, opening: Opening): Promise<void> {
  if (opening.stage !== 'begun' && opening.stage !== 'funded') return;
  const ignore = (error: unknown): void => {
    if (isAway(error)) throw error;
  };
  await lightning
    .fundingStateStep({ shim_cancel: { pending_chan_id: bytes(opening.pendingId) } })
    .catch(ignore);
  for (const { id, outpoint } of opening.stage === 'funded' ? opening.locks : []) {
    const [txid_str = '', index] = outpoint.split(':');
    await wallet
      .releaseOutput({ id: bytes(id), outpoint: { txid_str, output_index: Number(index) } })
      .catch(ignore);
  }
}

/**
 * A journal that was restored from the past has forgotten what LND has not: funding transactions, and channels, bear
 * their token.
 */
async function findForgotten(client: LndClient, token: string): Promise<OpenAnswer | null> {
  const name = labelOf(token);
  const published = await walletTransaction(client, ({ label }) => label === name);
  const [{ pending_open_channels: opening }, { channels }] = await Promise.all([
    client.lightning.pendingChannels({}),
    client.lightning.listChannels({}),
  ]);
  const here = [...opening.flatMap(({ channel }) => (channel === null ? [] : [channel])), ...channels];
  const agreed = here.find(({ memo }) => memo === name);
  if (published === null) {
    if (agreed === undefined) return null;
    throw new Error(
      `channel ${agreed.channel_point} was agreed on, and its transaction is lost: abandon it at LND`,
    );
  }
  const isIts = (point: string): boolean => point.startsWith(`${published.tx_hash}:`);
  const closed = agreed === undefined ? (await client.lightning.closedChannels({})).channels : [];
  const point = agreed?.channel_point ?? closed.map(pointOf).find(isIts);
  if (point === undefined) throw new Error(`LND forgot the channel of ${published.tx_hash}`);
  return { kind: 'opened', channel: channelId(point) };
}

function reasonOf(error: LndError): OpenRefusal {
  if (isSlow(error) || /not online|offline|not connected|disconnect/i.test(error.message))
    return 'peer_offline';
  if (/insufficient|not enough|reserved wallet balance|no utxo/i.test(error.message)) {
    return 'insufficient_funds';
  }
  return 'peer_refused';
}
