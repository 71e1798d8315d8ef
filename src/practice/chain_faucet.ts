/** Whoever asks is paid out of the coins that anyone may spend: those of the coinbases, and the faucet's change. */
import { RawTx } from '@scure/btc-signer';
import type { Coin, Coins } from './chain_coins.ts';
import { ANYONE_SCRIPT, ANYONE_WITNESS, splitOutpoint } from './chain_transaction.ts';

const FEE_SAT = 1_000n;
const DUST_SAT = 1_000n;
const INPUTS_MAX = 100;

/** The coins that are ripe are too few: mine more blocks. */
export class FaucetDry extends Error {
  override readonly name = 'FaucetDry';
}

/**
 * A transaction that pays `amountSat` to `script`.
 * @throws FaucetDry
 */
export function payFromFaucet(
  coins: Coins,
  nextHeight: number,
  script: Uint8Array,
  amountSat: bigint,
): Uint8Array {
  const { chosen, sumSat } = choose(coins.free(ANYONE_SCRIPT, nextHeight, INPUTS_MAX), amountSat + FEE_SAT);
  const changeSat = sumSat - amountSat - FEE_SAT;
  const outputs = [{ amount: amountSat, script }];
  if (changeSat > DUST_SAT) outputs.push({ amount: changeSat, script: ANYONE_SCRIPT });
  return RawTx.encode({
    version: 2,
    segwitFlag: true,
    inputs: chosen.map(spend),
    outputs,
    witnesses: chosen.map(() => ANYONE_WITNESS),
    lockTime: 0,
  });
}

function choose(free: readonly Coin[], amountSat: bigint): { chosen: Coin[]; sumSat: bigint } {
  const chosen: Coin[] = [];
  let sumSat = 0n;
  for (const coin of free) {
    chosen.push(coin);
    sumSat += coin.amountSat;
    if (sumSat >= amountSat) return { chosen, sumSat };
  }
  throw new FaucetDry(`the faucet holds ${sumSat} sat of ${amountSat} that are ripe: mine more blocks first`);
}

function spend({ outpoint }: Coin) {
  const [txid, index] = splitOutpoint(outpoint);
  return { txid: Buffer.from(txid, 'hex'), index, finalScriptSig: new Uint8Array(), sequence: 0xfffffffd };
}
