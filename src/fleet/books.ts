/** The proof of the books: what the ledger says that a node holds, against what the node says. Pure. */
import type { NodeId } from '../lightning/ids.ts';
import type { NodeBalances } from '../nodes/node.ts';
import type { NodeBooks } from './store.ts';

export interface InFlightItem {
  readonly paymentHash: string;
  /** Part ids of the ledger; empty when only the node knows the HTLC. */
  readonly parts: readonly string[];
  readonly ledgerMsat: bigint;
  readonly nodeMsat: bigint;
}

export interface NodeProof {
  readonly node: NodeId;
  readonly cursor: string;
  readonly ledger: {
    readonly channelsMsat: bigint;
    readonly inFlightMsat: bigint;
    readonly onchainMsat: bigint;
  };
  readonly reported: {
    readonly channelsMsat: bigint;
    readonly inFlightMsat: bigint;
    readonly onchainMsat: bigint;
  };
  /** node - ledger: positive, the node holds more than the books say. 0 is the only good value. */
  readonly differenceMsat: bigint;
  readonly inFlight: readonly InFlightItem[];
}

/**
 * A part that is intended but not sent yet has left `channels` in the ledger and not on the node; the sum of
 * channels and in flight is the same on both sides, so that is what is compared.
 */
export function prove(node: NodeId, reported: NodeBalances, ledger: NodeBooks): NodeProof {
  const nodeInFlight = reported.inFlight.reduce((total, part) => total + part.amountMsat, 0n);
  const nodeTotal = reported.channelsMsat + nodeInFlight + reported.onchainMsat;
  const ledgerTotal = ledger.channels_msat + ledger.in_flight_msat + ledger.onchain_msat;
  return {
    node,
    cursor: reported.cursor,
    ledger: {
      channelsMsat: ledger.channels_msat,
      inFlightMsat: ledger.in_flight_msat,
      onchainMsat: ledger.onchain_msat,
    },
    reported: {
      channelsMsat: reported.channelsMsat,
      inFlightMsat: nodeInFlight,
      onchainMsat: reported.onchainMsat,
    },
    differenceMsat: nodeTotal - ledgerTotal,
    inFlight: itemise(reported, ledger),
  };
}

function itemise(reported: NodeBalances, ledger: NodeBooks): InFlightItem[] {
  const items = new Map<string, { parts: string[]; ledgerMsat: bigint; nodeMsat: bigint }>();
  const item = (hash: string) => {
    const known = items.get(hash) ?? { parts: [], ledgerMsat: 0n, nodeMsat: 0n };
    items.set(hash, known);
    return known;
  };
  for (const part of ledger.parts) {
    const entry = item(part.payment_hash);
    entry.parts.push(part.id);
    entry.ledgerMsat += BigInt(part.msat);
  }
  for (const htlc of reported.inFlight) item(htlc.paymentHash).nodeMsat += htlc.amountMsat;
  return [...items].map(([paymentHash, entry]) => ({ paymentHash, ...entry }));
}
