/** What is there to see of Argosy, all at one quiet moment; and what a client of it remembers. Types alone. */

export interface SeenNode {
  readonly name: string;
  readonly pubkey: string | null;
  readonly state: string;
  readonly channels: readonly { readonly id: string; readonly active: boolean }[];
}

export interface SeenPerson {
  readonly name: string;
  readonly pubkey: string;
  /** That are active. */
  readonly channels: number;
}

export interface SeenPayment {
  readonly id: string;
  readonly hash: string;
  readonly state: string;
  readonly amountMsat: bigint;
  readonly feeMsat: bigint | null;
  readonly preimage: string | null;
}

export interface SeenInvoice {
  readonly id: string;
  readonly hash: string;
  readonly state: string;
  readonly receivedMsat: bigint | null;
}

/** What the payee's own node says of an invoice that was to be paid. */
export interface Receipt {
  readonly hash: string;
  readonly person: string;
  /** `not_found`: it has never heard of it. */
  readonly state: string;
  readonly receivedMsat: bigint | null;
}

export interface SeenBooks {
  readonly node: string;
  readonly differenceMsat: bigint;
  /** HTLCs, as the ledger or the node knows of them. */
  readonly inFlight: number;
}

export interface Seen {
  readonly nodes: readonly SeenNode[];
  readonly people: readonly SeenPerson[];
  readonly payments: readonly SeenPayment[];
  readonly invoices: readonly SeenInvoice[];
  /** Of the payments that were looked up at their payees this time. */
  readonly receipts: readonly Receipt[];
  readonly books: readonly SeenBooks[];
  readonly accounts: readonly { readonly id: string; readonly freeMsat: bigint; readonly heldMsat: bigint }[];
  readonly database: {
    /** PostgreSQL servers that work in the data folder. */
    readonly servers: readonly number[];
    /** Processes there that no server of them has started. */
    readonly strays: readonly number[];
  };
}

/** One errand as its client remembers it, over all kills. */
export interface Asked {
  readonly number: number;
  readonly direction: 'out' | 'in' | 'own';
  /** Of an own invoice the account that is paid. */
  readonly person: string;
  /** The account that pays, or is paid by a person. */
  readonly account: string;
  readonly amountMsat: bigint;
  /** `Idempotency-Key`, of a payment. */
  readonly key: string;
  invoice: string | null;
  hash: string | null;
  /** What the errand was answered to be, payment or invoice. More than one: its key was forgotten. */
  readonly ids: Set<string>;
  /** A try was sent whose end nobody heard. */
  inDoubt: boolean;
  /** Told to the person who paid. */
  preimage: string | null;
  /** Null: it has not ended, as far as its client knows. */
  end: 'settled' | 'failed' | 'refused' | null;
  /** Why it was refused or failed. */
  reason: string | null;
}
