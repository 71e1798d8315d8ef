/** What the nodes themselves and the database say, all at one quiet moment. Amounts in msat. Types alone. */

/** One HTLC attempt of a payment, in the history of the node that sent it. */
export interface SentHtlc {
  readonly hash: string;
  readonly state: 'settled' | 'failed' | 'in_flight';
  /** What left the node: with all fees. */
  readonly leftMsat: bigint;
  readonly feeMsat: bigint;
  readonly preimage: string | null;
}

export interface IssuedInvoice {
  readonly hash: string;
  readonly isSettled: boolean;
  readonly askedMsat: bigint;
  readonly paidMsat: bigint;
}

export interface NodeHistory {
  readonly name: string;
  /** One of the fleet's; else a stranger's. */
  readonly own: boolean;
  readonly sent: readonly SentHtlc[];
  readonly issued: readonly IssuedInvoice[];
  /** What all forwards so far have earned. */
  readonly forwardsMsat: bigint;
  /** Its side of its channels, with what their commitments will cost it. */
  readonly channelsMsat: bigint;
  readonly coinsMsat: bigint;
  /** HTLCs that hang on its channels. */
  readonly hanging: number;
  readonly channels: number;
  readonly activeChannels: number;
}

export interface BookedPayment {
  readonly id: string;
  readonly obligation: string;
  readonly hash: string;
  readonly state: string;
  readonly amountMsat: bigint;
  readonly feeMsat: bigint | null;
  readonly preimage: string | null;
  /** Paid inside the ledger. */
  readonly internal: boolean;
}

export interface BookedPart {
  readonly payment: string;
  readonly hash: string;
  readonly node: string;
  readonly state: string;
  readonly leftMsat: bigint;
}

export interface BookedInvoice {
  readonly id: string;
  readonly node: string;
  readonly hash: string;
  readonly state: string;
  readonly receivedMsat: bigint | null;
  readonly internal: boolean;
}

/** Read by SQL, not over the API. */
export interface Books {
  readonly accounts: ReadonlyMap<string, bigint>;
  readonly payments: readonly BookedPayment[];
  readonly parts: readonly BookedPart[];
  readonly invoices: readonly BookedInvoice[];
}

export interface Sight {
  readonly nodes: readonly NodeHistory[];
  readonly books: Books;
  /** What Argosy itself finds, by node. */
  readonly checked: readonly { readonly node: string; readonly differenceMsat: bigint }[];
}
