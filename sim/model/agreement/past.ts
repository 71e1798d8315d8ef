/** A restored past, and parts that other hands sent. */
import fc from 'fast-check';
import { preimage } from '../../../src/lightning/ids.ts';
import { msat } from '../../../src/money/msat.ts';
import { big, hash, NETWORK, node, paymentId, read, token, write } from './operation.ts';

const PREIMAGE = preimage('9'.repeat(64));

export const past = [
  write('beginEpoch', fc.constant(null), (s, tx) => s.past.beginEpoch(tx)),
  write('markImported', fc.tuple(node, big(2)), (s, tx, [id, epoch]) => s.past.markImported(tx, id, epoch)),
  write('waiveImport', node, (s, tx, id) => s.past.waiveImport(tx, id)),
  read('readPast', fc.constant(null), async (s, on) => ({ ...(await s.past.readPast(on)), ageMs: null })),
  read('isOutdated', paymentId, (s, on, id) => s.past.isOutdated(on, id)),
  write('claimHash for foreign parts', hash, (s, tx, of) => s.claims.claimHash(tx, NETWORK, of, null)),
  write('releaseForeignHash', hash, (s, tx, of) => s.claims.releaseForeignHash(tx, NETWORK, of)),
  write('insertForeign', fc.tuple(token, node, hash), (s, tx, [of, node_id, payment_hash]) =>
    s.foreign.insertForeign(tx, {
      ...{ token: of, node_id, network: NETWORK, payment_hash },
      ...{ amount_msat: msat(5n), fee_msat: msat(1n) },
    }),
  ),
  write('endForeignPart', fc.tuple(token, fc.boolean()), (s, tx, [of, settled]) =>
    s.foreign.endForeignPart(tx, of, settled ? 'settled' : 'failed', settled ? PREIMAGE : null),
  ),
  write('renamePart', fc.tuple(token, token), (s, tx, [from, to]) => s.foreign.renamePart(tx, from, to)),
  read('isKnownPart', token, (s, on, of) => s.foreign.isKnownPart(on, of)),
  read('sumForeign', hash, (s, on, of) => s.foreign.sumForeign(on, NETWORK, of)),
];
