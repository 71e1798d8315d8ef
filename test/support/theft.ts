import type { Db } from '../../src/kit/db.ts';
import { decodeBolt11 } from '../../src/lightning/bolt11.ts';
import { partToken } from '../../src/lightning/ids.ts';
import { msat } from '../../src/money/msat.ts';
import type { LightningNode } from '../../src/nodes/node.ts';
import { routeQuestion } from '../../src/payments/asking.ts';

/** Sends 1 msat from an own node to an accomplice, behind Argosy's back. */
export async function steal(own: LightningNode, accomplice: LightningNode): Promise<void> {
  const amount = msat(1n);
  const bill = await accomplice.invoice({ amountMsat: amount, description: '', expirySeconds: 600 });
  const decoded = decodeBolt11(bill.bolt11);
  if (decoded.kind === 'fault') throw new Error(decoded.detail);
  const { paymentHash, paymentSecret, paymentMetadata } = decoded.invoice;
  const found = await own.facets.routes?.find(routeQuestion(decoded.invoice, amount, msat(0n)));
  if (found?.kind !== 'routes') throw new Error('the thief has no route');
  const token = partToken('f'.repeat(64));
  const part = { token, paymentHash, paymentSecret, paymentMetadata, totalMsat: amount };
  const answer = await own.sendPart({ ...part, route: found.routes[0], expiresAt: Date.now() + 60_000 });
  if (answer.kind !== 'accepted') throw new Error(`the theft was ${answer.kind}`);
}

/** Changes a balance without a transfer: the books have what nobody has. */
export async function misbook(db: Db, account: string, byMsat: bigint): Promise<void> {
  await db.tx((tx) =>
    tx.query('update account set balance_msat = balance_msat + $2 where id = $1', [account, byMsat]),
  );
}
