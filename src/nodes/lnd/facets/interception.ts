import { type PaymentHash, paymentHash } from '../../../lightning/ids.ts';
import { msat } from '../../../money/msat.ts';
import type { HeldHtlc, HtlcVerdict, Interception } from '../../facets.ts';
import { type Ask, sha256 } from '../call.ts';
import type { LndClient } from '../client.ts';
import { follow } from '../following.ts';
import { bytes, hex, scidOf } from '../map.ts';
import type {
  CircuitKey,
  ForwardHtlcInterceptRequest,
  ForwardHtlcInterceptResponse,
} from '../proto/router.ts';
import { isOpen, makeOffers } from './offers.ts';

/** ms that LND has to read the last verdicts before the stream is cut off. It takes no other interceptor meanwhile. */
const LEAVE_MS = 5_000;

export const interception = ({ router, lightning }: LndClient): Interception => ({
  intercept(offer) {
    const offers = makeOffers();
    /** Offered by the stream that is up, and without a verdict: any other would make LND break the stream off. */
    const held = new Map<string, { readonly key: CircuitKey; readonly paymentHash: PaymentHash }>();
    let write: (verdict: Ask<ForwardHtlcInterceptResponse>) => void = () => undefined;

    /** An HTLC that was resumed before is left alone. */
    async function isUndecided(key: CircuitKey): Promise<boolean> {
      const seen = offers.see(key);
      if (seen.kind === 'unsure') return isOpen(key, (await lightning.listChannels({})).channels);
      if (seen.kind === 'decided' && seen.verdict.kind !== 'resume')
        write({ incoming_circuit_key: key, ...lndVerdict(seen.verdict) });
      return seen.kind === 'open';
    }

    const subscription = follow({
      open() {
        const stream = router.htlcInterceptor();
        write = stream.write;
        return stream;
      },
      up: () => offer({ kind: 'listening' }),
      down: () => held.clear(),
      async message(request) {
        const key = request.incoming_circuit_key;
        if (key === null || !(held.has(idOf(key)) || (await isUndecided(key)))) return;
        const htlc = heldHtlc(key, request);
        held.set(htlc.id, { key, paymentHash: htlc.paymentHash });
        await offer({ kind: 'htlc', ...htlc });
      },
      end(stream) {
        stream.end();
        setTimeout(() => stream.cancel(), LEAVE_MS).unref();
      },
    });
    return {
      ...subscription,
      async resolve(id, verdict) {
        const its = held.get(id);
        if (its === undefined) return { kind: 'not_held' };
        if (verdict.kind === 'settle' && sha256(bytes(verdict.preimage)) !== its.paymentHash)
          throw new TypeError('the preimage is not that of the HTLC');
        const { key } = its;
        held.delete(id);
        offers.decide(key, verdict);
        write({ incoming_circuit_key: key, ...lndVerdict(verdict) });
        return { kind: 'handed_over' };
      },
    };
  },
});

const idOf = (key: CircuitKey): string => `${scidOf(key.chan_id)}:${key.htlc_id}`;

const heldHtlc = (key: CircuitKey, request: ForwardHtlcInterceptRequest): HeldHtlc => ({
  id: idOf(key),
  paymentHash: paymentHash(hex(request.payment_hash)),
  incomingMsat: msat(BigInt(request.incoming_amount_msat)),
  outgoingMsat: msat(BigInt(request.outgoing_amount_msat)),
  incomingExpiry: request.incoming_expiry,
  outgoingExpiry: request.outgoing_expiry,
  outgoing: scidOf(request.outgoing_requested_chan_id),
  failsAtHeight: request.auto_fail_height,
  records: Object.fromEntries(
    Object.entries(request.custom_records).map(([type, value]) => [type, hex(value)]),
  ),
});

function lndVerdict(verdict: HtlcVerdict): Ask<ForwardHtlcInterceptResponse> {
  if (verdict.kind === 'settle') return { action: 'SETTLE', preimage: bytes(verdict.preimage) };
  if (verdict.kind === 'fail') return { action: 'FAIL', failure_code: 'TEMPORARY_CHANNEL_FAILURE' };
  if (verdict.outgoingMsat === undefined) return { action: 'RESUME' };
  return { action: 'RESUME_MODIFIED', out_amount_msat: verdict.outgoingMsat.toString() };
}
