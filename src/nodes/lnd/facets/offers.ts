/**
 * Which of the HTLCs that LND offers still want a verdict. Pure.
 *
 * LND offers an HTLC again when its stream is new, which is right. It also does when the link that it came over starts
 * anew, and then even if it was resumed before: the HTLC is on its way by then, or has been paid for. Failing it gives
 * the money back while the payee takes his, and resuming it once it is settled sends it a second time. Both were seen with
 * LND 0.21.3. So what has its verdict is not offered again, and what is not surely new is looked for in the channels.
 */
import type { HtlcVerdict } from '../../facets.ts';
import type { Channel } from '../proto/lightning.ts';
import type { CircuitKey } from '../proto/router.ts';

/** More than hang at any time; beyond, the oldest is forgotten, and looked for when it comes again. */
const REMEMBERED = 50_000;

export type Offer =
  /** Nobody has decided it. */
  | { readonly kind: 'open' }
  /** Its verdict may be lost: the same again. */
  | { readonly kind: 'decided'; readonly verdict: HtlcVerdict }
  /** Perhaps from before this process began: `isOpen` tells. */
  | { readonly kind: 'unsure' };

export interface Offers {
  see(key: CircuitKey): Offer;
  decide(key: CircuitKey, verdict: HtlcVerdict): void;
}

export function makeOffers(): Offers {
  const open = new Set<string>();
  const decided = new Map<string, HtlcVerdict>();
  /** The newest HTLC of each incoming channel: they are numbered. */
  const newest = new Map<string, bigint>();
  return {
    see(key) {
      const id = offerId(key);
      const verdict = decided.get(id);
      if (verdict !== undefined) return { kind: 'decided', verdict };
      if (open.has(id)) return { kind: 'open' };
      const before = newest.get(key.chan_id);
      const index = BigInt(key.htlc_id);
      const isNew = before !== undefined && index > before;
      if (before === undefined || isNew) newest.set(key.chan_id, index);
      if (!isNew) return { kind: 'unsure' };
      open.add(id);
      forgetOldest(open);
      return { kind: 'open' };
    },
    decide(key, verdict) {
      open.delete(offerId(key));
      decided.set(offerId(key), verdict);
      forgetOldest(decided);
    },
  };
}

export const offerId = ({ chan_id, htlc_id }: CircuitKey): string => `${chan_id}:${htlc_id}`;

function forgetOldest(all: Set<string> | Map<string, unknown>): void {
  for (const oldest of all.keys()) {
    if (all.size <= REMEMBERED) return;
    all.delete(oldest);
  }
}

/** It hangs in its channel, and nothing has gone out for it. */
export function isOpen(key: CircuitKey, channels: readonly Channel[]): boolean {
  const htlc = channels
    .find(({ chan_id }) => chan_id === key.chan_id)
    ?.pending_htlcs.find(({ incoming, htlc_index }) => incoming && htlc_index === key.htlc_id);
  return htlc !== undefined && htlc.forwarding_channel === '0';
}
