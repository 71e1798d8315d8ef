/** A node as the API shows it. */
import { printable } from '../lightning/text.ts';
import type { Msat } from '../money/msat.ts';
import { channelView } from './channel-view.ts';
import type { Fleet, OwnNode } from './fleet.ts';
import { liquidity } from './health.ts';
import type { NodeView } from './schemas.ts';

/** Daemons put a lot into their errors. */
const MAX_TEXT = 500;

const iso = (ms: number): string => new Date(ms).toISOString();

/** A node as it is now: it is asked. @param exposureMsat what the ledger has there; undefined: nothing */
export async function nodeView(
  fleet: Fleet,
  own: OwnNode,
  exposureMsat: Msat | undefined,
): Promise<NodeView> {
  const health = await fleet.refresh(own.id);
  const { spendableMsat, receivableMsat } = liquidity(health);
  const { info, stream, lastError } = health;
  return {
    id: own.id,
    region: own.region,
    driver: own.driver,
    state: health.state,
    owner: health.owner,
    problems: health.problems.map(({ code, text }) => ({ code, text: printable(text, MAX_TEXT) })),
    drains: health.drains.map(({ cause, reason, principal, since }) => ({
      cause,
      reason: printable(reason, MAX_TEXT),
      principal,
      since: iso(since),
    })),
    pubkey: info?.pubkey ?? null,
    alias: info === null ? null : printable(info.alias),
    version: info?.version ?? null,
    network: info?.network ?? null,
    block_height: info?.blockHeight ?? null,
    block_hash: info?.blockHash ?? null,
    peers: info?.peers ?? null,
    latency_ms: health.latencyMs,
    stream: stream === null ? null : { alive: stream.error === null, since: iso(stream.since) },
    last_error:
      lastError === null ? null : { message: printable(lastError.message, MAX_TEXT), at: iso(lastError.at) },
    exposure_msat: (exposureMsat ?? 0n).toString(),
    exposure_msat_max: own.exposureMsatMax?.toString() ?? null,
    spendable_msat: spendableMsat.toString(),
    receivable_msat: receivableMsat.toString(),
    channels: health.channels.map((channel) => ({
      ...channelView(channel),
      scid: channel.scid,
      peer_alias: printable(channel.peerAlias),
    })),
  };
}
