/** What people have paid lately, and which way it went: no payee can know that, who looks at a practice world may. */
import type { PaymentHash } from '../lightning/ids.ts';
import type { Route } from '../lightning/route.ts';

export interface PaidByPerson {
  /** The person's name. */
  readonly payer: string;
  readonly paymentHash: PaymentHash;
  readonly routes: readonly Route[];
}

export interface PaidLately {
  add(paid: PaidByPerson): void;
  /** Newest last. */
  all(): readonly PaidByPerson[];
}

const MOST = 60;

export function keepPaid(): PaidLately {
  let kept: readonly PaidByPerson[] = [];
  return {
    add(paid) {
      kept = [...kept.slice(1 - MOST), paid];
    },
    all: () => kept,
  };
}
