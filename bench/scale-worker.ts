/** One worker process of `bench/scale.ts`: a system over nodes of its own, which pays when it is told to. */
import { openDb } from '../src/kit/db.ts';
import { openPayer } from './payer.ts';
import type { WorkerOrder, WorkerStart, WorkerWord } from './scale-words.ts';

const CUSTOMERS = 4;
/** Every fourth payment is of a customer; all others are of the one account of the business. */
const SHARE_OF_CUSTOMERS = 4;
const CUSTOMER_SAT = 100_000_000n;

const { target, secret, site } = JSON.parse(process.argv[2] ?? '') as WorkerStart;
const tell = (word: WorkerWord): void => void process.send?.(word);

// Nobody would tell it to stop any more.
process.once('disconnect', () => process.exit(0));

const db = openDb(target, { max: 10 });
const payer = await openPayer(db, secret, site);
const customers = await Promise.all(
  Array.from({ length: CUSTOMERS }, async (_, number) => {
    const { id } = await payer.call('/v1/accounts', { name: `c${site}-${number}` });
    const amount_msat = String(CUSTOMER_SAT * 1_000n);
    const { invoice } = await payer.call('/v1/invoices', {
      amount_msat,
      account: id,
      description: 'a start',
      expiry_seconds: 600,
    });
    await payer.pay(String(invoice));
    return String(id);
  }),
);

const invoices: string[] = [];
let paid = 0;

async function payAll(atOnce: number): Promise<number[]> {
  const took: number[] = [];
  const work = async (): Promise<void> => {
    for (let next = invoices.pop(); next !== undefined; next = invoices.pop()) {
      const number = paid++;
      const account =
        number % SHARE_OF_CUSTOMERS === 0 ? customers[(number / SHARE_OF_CUSTOMERS) % CUSTOMERS] : undefined;
      const began = performance.now();
      await payer.pay(next, account);
      took.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return took;
}

async function obey(order: WorkerOrder): Promise<void> {
  switch (order.kind) {
    case 'prepare':
      for (let count = 0; count < order.payments; count++) invoices.push(await payer.invoice());
      return tell({ kind: 'prepared' });
    case 'pay':
      return tell({ kind: 'paid', tookMs: await payAll(order.atOnce) });
    case 'stop':
      await payer.stop();
      await db.close();
      process.disconnect?.();
  }
}

process.on('message', (order: WorkerOrder) => void obey(order));
tell({ kind: 'ready' });
