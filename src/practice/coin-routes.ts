import { z } from '@hono/zod-openapi';
import type { Guarded } from '../access/http.ts';
import type { Api } from '../kit/http.ts';
import { Problem } from '../kit/problems.ts';
import { body, json, msatText } from '../kit/shapes.ts';
import { amountField } from '../payments/request.ts';
import { FaucetDry } from './chain.ts';
import { scriptOf } from './chain_address.ts';

/** Whoever pays out coins on the chain. */
export interface Purse {
  /** In a block of its own. @returns the txid */
  fund(address: string, amountSat: bigint): Promise<string>;
  height(): number;
}

/** Anything less is dust: nodes refuse to pass it on. */
const LEAST_SAT = 1_000n;

export const coinsBody = z
  .strictObject({ address: z.string().max(100), amount_msat: z.string().max(60) })
  .openapi({
    example: { address: 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080', amount_msat: '1000000000' },
  });
export const coinsSchema = z.object({
  txid: z.string(),
  address: z.string(),
  amount_msat: msatText,
  height: z.int().openapi({ description: 'of the block that confirms it' }),
});

/** The faucet of the practice chain, for wallets from outside. */
export function coinRoutes(api: Api, guarded: Guarded, purse: Purse): void {
  api.openapi(
    guarded('practice:use', {
      method: 'post',
      path: '/v1/practice/coins',
      summary: 'Coins from the faucet to an on-chain address, confirmed at once',
      request: body(coinsBody),
      responses: { 201: json(coinsSchema, 'Paid') },
    }),
    async (c) => {
      const { address, amount_msat } = c.req.valid('json');
      const amountSat = wholeSat(amountField('amount_msat', amount_msat));
      checkAddress(address);
      const txid = await purse.fund(address, amountSat).catch(explainDryness);
      return c.json({ txid, address, amount_msat, height: purse.height() }, 201);
    },
  );
}

function wholeSat(amountMsat: bigint): bigint {
  if (amountMsat % 1_000n === 0n && amountMsat >= LEAST_SAT * 1_000n) return amountMsat / 1_000n;
  throw new Problem(
    'practice_coins_invalid',
    `amount_msat: on the chain there are whole sat, ${LEAST_SAT} or more; give a multiple of 1000.`,
    { field: 'amount_msat' },
  );
}

function checkAddress(address: string): void {
  try {
    scriptOf(address);
  } catch {
    throw new Problem(
      'practice_coins_invalid',
      'address: must be an address of regtest, which begins with bcrt1; ask your wallet for one.',
      { field: 'address' },
    );
  }
}

function explainDryness(error: unknown): never {
  if (!(error instanceof FaucetDry)) throw error;
  throw new Problem('practice_faucet_dry', `amount_msat: ${error.message}, or ask for less.`, {
    field: 'amount_msat',
  });
}
