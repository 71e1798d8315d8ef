/**
 * The chart of accounts, in accounting's terms. Claims (own funds, customers) face what the nodes hold; a hold is a
 * transfer to the `:held` account beside the claim, so that nothing is reserved outside the books.
 */
import type { NodeId } from '../lightning/ids.ts';

declare const brand: unique symbol;
export type AccountId = string & { readonly [brand]: 'AccountId' };
export type AccountKind = 'asset' | 'liability' | 'equity' | 'income' | 'expense';

export interface Account {
  readonly id: AccountId;
  readonly kind: AccountKind;
  /** May not fall below zero; the database refuses the transfer that would. */
  readonly floored: boolean;
}

const account = (id: string, kind: AccountKind, floored: boolean): Account => ({
  id: id as AccountId,
  kind,
  floored,
});

export interface NodeAccounts {
  /** The node's own side of its channels. */
  readonly channels: Account;
  /** Parts that left a channel and have no end yet. */
  readonly inFlight: Account;
  readonly onchain: Account;
  /** Of closed channels, on its way to the wallet over the chain. */
  readonly settling: Account;
  /** Coins that left the wallet other than for a channel, whoever sent them: the owner's drawings. */
  readonly drawings: Account;
  /** Paid to miners, and lost to dust, by opening and closing channels. */
  readonly chainFees: Account;
  /** What channels opened by the node gave the other side at the start, and what others gave it. */
  readonly pushesGiven: Account;
  readonly pushesReceived: Account;
  /** Routing fees paid to strangers. */
  readonly feesPaid: Account;
  /** The same fees, charged to whoever paid: fees paid - fees charged is what the business bore itself. */
  readonly feesCharged: Account;
  /** Routing fees earned from strangers. */
  readonly feesEarned: Account;
  /** Paid or received by other hands than Argosy's, until a person explains it. Above zero: more was paid. */
  readonly suspense: Account;
}

export const nodeAccounts = (node: NodeId): NodeAccounts => ({
  channels: account(`node:${node}:channels`, 'asset', true),
  inFlight: account(`node:${node}:in_flight`, 'asset', true),
  onchain: account(`node:${node}:onchain`, 'asset', true),
  settling: account(`node:${node}:settling`, 'asset', false),
  drawings: account(`node:${node}:drawings`, 'equity', false),
  chainFees: account(`node:${node}:chain_fees`, 'expense', false),
  pushesGiven: account(`node:${node}:pushes_given`, 'expense', false),
  pushesReceived: account(`node:${node}:pushes_received`, 'income', false),
  feesPaid: account(`node:${node}:fees_paid`, 'expense', false),
  feesCharged: account(`node:${node}:fees_charged`, 'income', false),
  feesEarned: account(`node:${node}:fees_earned`, 'income', false),
  suspense: account(`node:${node}:suspense`, 'asset', false),
});

/** The business's own funds. Never one account with anybody else's. */
export const BUSINESS: Account = account('own:business', 'equity', true);

/** What the business owes a customer: custodial, and said to be so. */
export const customerAccount = (name: string): Account => account(`customer:${name}`, 'liability', true);

/** `acme-2`: lower case, digits, dashes, at most 40. */
export const isAccountName = (name: string): boolean => /^[a-z0-9][a-z0-9-]{0,39}$/.test(name);

/** Where the amounts of payments under way wait, apart from what is free to spend. */
export const heldAccount = (claim: Account): Account => account(`${claim.id}:held`, claim.kind, true);

/** A claim account by its id, as requests name it: `own:business`, `customer:acme`. */
export function claimAccount(id: string): Account | null {
  if (id === BUSINESS.id) return BUSINESS;
  const name = id.startsWith('customer:') ? id.slice('customer:'.length) : '';
  return isAccountName(name) ? customerAccount(name) : null;
}

/** +1 where a debit adds to the balance (assets, expenses), -1 where a credit does. */
export const debitSign = (kind: AccountKind): 1n | -1n => (kind === 'asset' || kind === 'expense' ? 1n : -1n);

/** One movement: `amount` leaves `credit` and enters `debit`. The same (source, reason) is posted once for ever. */
export interface Transfer {
  readonly debit: Account;
  readonly credit: Account;
  readonly amountMsat: bigint;
  /** What it is about: `prt_...`, `inv_...`, `node:us`. */
  readonly source: string;
  /** Why: `hold`, `sent`, `fee`. */
  readonly reason: string;
}

/**
 * What the transfers do to each account's balance, ordered by account id: locks taken in this order cannot
 * deadlock. Transfers of zero are left out, for nothing moved.
 */
export function deltas(transfers: readonly Transfer[]): readonly { account: Account; deltaMsat: bigint }[] {
  const byId = new Map<AccountId, { account: Account; deltaMsat: bigint }>();
  const add = (account: Account, deltaMsat: bigint) => {
    const entry = byId.get(account.id) ?? { account, deltaMsat: 0n };
    byId.set(account.id, { account, deltaMsat: entry.deltaMsat + deltaMsat });
  };
  for (const { debit, credit, amountMsat } of transfers) {
    add(debit, debitSign(debit.kind) * amountMsat);
    add(credit, -debitSign(credit.kind) * amountMsat);
  }
  return [...byId.values()].sort((a, b) => (a.account.id < b.account.id ? -1 : 1));
}
