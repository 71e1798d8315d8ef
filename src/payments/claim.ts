import type { Statements } from '../kit/db.ts';
import { Problem } from '../kit/problems.ts';
import { type Account, claimAccount } from '../ledger/account.ts';
import { readBalances } from '../ledger/store.ts';

/** The claim account that a request names: who pays, or who is credited. @throws Problem account_unknown */
export async function readClaim(read: Statements, id: string): Promise<Account> {
  const claim = claimAccount(id);
  if (claim !== null && (await readBalances(read, [claim.id])).length === 1) return claim;
  throw new Problem('account_unknown', `account: there is no ${JSON.stringify(id)}; see GET /v1/accounts.`, {
    field: 'account',
  });
}
