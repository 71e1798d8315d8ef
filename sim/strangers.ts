/** Outsiders pay invoices of the fleet through their own nodes. */
import { decodeBolt11 } from '../src/lightning/bolt11.ts';
import { partToken } from '../src/lightning/ids.ts';
import { type Msat, msat } from '../src/money/msat.ts';
import { routeQuestion } from '../src/payments/asking.ts';
import type { World } from './world.ts';

/** Tries once; whether it got through shows at the nodes. */
export async function payAsStranger({ network, chance, story }: World, bolt11: string): Promise<void> {
  const decoded = decodeBolt11(bolt11);
  if (decoded.kind === 'fault') throw new Error(decoded.detail);
  const { invoice } = decoded;
  const amount: Msat = invoice.amountMsat ?? msat(1_000n);
  const exchange = network.open('exchange');
  const found = await exchange.facets.routes?.find(
    routeQuestion(invoice, amount, msat(amount / 10n + 10_000n)),
  );
  if (found?.kind !== 'routes') {
    story.tell('exchange', 'finds no route');
    return;
  }
  const { paymentHash, paymentSecret, paymentMetadata } = invoice;
  for (const route of found.routes) {
    const token = partToken(Array.from({ length: 64 }, () => chance.whole(0, 15).toString(16)).join(''));
    const order = {
      token,
      paymentHash,
      paymentSecret,
      paymentMetadata,
      totalMsat: amount,
      route,
      expiresAt: Number.POSITIVE_INFINITY,
    };
    const answer = await exchange.sendPart(order);
    story.tell('exchange', `pays ${paymentHash.slice(0, 8)}: ${answer.kind}`);
  }
}
