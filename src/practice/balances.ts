/** What everybody in the practice world has: channels, with both their sides, and coins. */
import { ANSWER_MS } from '../fleet/health.ts';
import { type Clock, within } from '../kit/clock.ts';
import type { NodePubkey } from '../lightning/ids.ts';
import type { Msat } from '../money/msat.ts';
import type { Channel, LightningNode } from '../nodes/node.ts';
import type { Practice } from './people.ts';

export interface Holder {
  readonly name: string;
  /** An own node; else one of the people. */
  readonly own: boolean;
  /** Null: it does not answer. */
  readonly holds: {
    readonly pubkey: NodePubkey;
    readonly onchainMsat: Msat;
    readonly channels: readonly Channel[];
  } | null;
}

/** Everybody, own nodes first. */
export function readHolders({ nodes, people }: Practice, clock: Clock): Promise<Holder[]> {
  return Promise.all([
    ...nodes.map(({ id, node }) => readHolder(clock, id, true, node)),
    ...[...people].map(([name, node]) => readHolder(clock, name, false, node)),
  ]);
}

async function readHolder(clock: Clock, name: string, own: boolean, node: LightningNode): Promise<Holder> {
  const asked = Promise.all([node.info(), node.balances(), node.channels()]);
  const holds = await within(clock, ANSWER_MS, asked).then(
    ([{ pubkey }, { onchainMsat }, channels]) => ({ pubkey, onchainMsat, channels }),
    () => null,
  );
  return { name, own, holds };
}
