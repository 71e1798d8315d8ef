/**
 * HTLCs that are settled and hang in a commitment still: for a moment, or for as long as their peer is away. What they
 * move is told already, and counted by LND later. By `CHANNEL:HTLC`, in msat.
 */
import type { Channel, ForwardingEvent, HTLC } from './proto/lightning.ts';

export interface Settled {
  /** Received, or the first half of a forward. */
  readonly incoming: Map<string, bigint>;
  /** The second half of a forward. */
  readonly outgoing: Map<string, bigint>;
}

/** So many of the newest stay, whether they hang or not. */
const KEPT = 2_000;

export const htlcName = (channel: string, index: string): string => `${channel}:${index}`;

export function rememberForward(
  settled: Settled,
  forward: Pick<ForwardingEvent, 'chan_id_in' | 'chan_id_out' | 'incoming_htlc_id' | 'outgoing_htlc_id'>,
  inMsat: bigint,
  outMsat: bigint,
): void {
  const { incoming_htlc_id: first, outgoing_htlc_id: second } = forward;
  if (first === undefined || second === undefined) return;
  settled.incoming.set(htlcName(forward.chan_id_in, first), inMsat);
  settled.outgoing.set(htlcName(forward.chan_id_out, second), outMsat);
}

/** Forgets what is long gone from every commitment. */
export function forgetGone({ incoming, outgoing }: Settled, open: readonly Channel[]): void {
  if (incoming.size < 2 * KEPT && outgoing.size < 2 * KEPT) return;
  const hanging = new Set(pendingOf(open).map(({ name }) => name));
  for (const map of [incoming, outgoing]) {
    const old = [...map.keys()].slice(0, Math.max(0, map.size - KEPT));
    for (const name of old) if (!hanging.has(name)) map.delete(name);
  }
}

export const pendingOf = (open: readonly Channel[]): { name: string; htlc: HTLC }[] =>
  open.flatMap(({ chan_id, pending_htlcs }) =>
    pending_htlcs.map((htlc) => ({ name: htlcName(chan_id, htlc.htlc_index), htlc })),
  );
