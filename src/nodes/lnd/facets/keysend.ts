import type { Preimage } from '../../../lightning/ids.ts';
import type { Keysend, KeysendOrder } from '../../facets.ts';
import type { SendAnswer } from '../../node.ts';
import { type Ask, sha256 } from '../call.ts';
import { bytes } from '../map.ts';
import type { Hop } from '../proto/lightning.ts';

/** The record in which the payee finds the preimage. Source: bLIP 3. */
const KEYSEND_RECORD = '5482373484';

/** What the last hop of a keysend carries instead of the secret of an invoice: with both, LND takes it not. */
export const keysendHop = (preimage: Preimage): Pick<Ask<Hop>, 'custom_records'> => ({
  custom_records: { [KEYSEND_RECORD]: bytes(preimage) },
});

/** @param send sends a part of the driver's, with this in its last hop: once for a token, as `sendPart` does */
export const keysend = (
  send: (
    order: Pick<KeysendOrder, 'token' | 'paymentHash' | 'route'>,
    lastHop: Ask<Hop>,
  ) => Promise<SendAnswer>,
): Keysend => ({
  async send({ preimage, ...order }) {
    if (sha256(bytes(preimage)) !== order.paymentHash)
      throw new TypeError('the preimage is not that of the payment hash');
    return send(order, keysendHop(preimage));
  },
});
