/** What a driver gives to the conformance suite: a small world of nodes, and ways to let it run. */
import type { NodePubkey } from '../../lightning/ids.ts';
import type { Route } from '../../lightning/route.ts';
import type { Msat } from '../../money/msat.ts';
import type { LightningNode } from '../node.ts';

/** Daemons that the suite knows; the table of their facets is in `known_facets.ts`. */
export type DriverName = 'memory' | 'ldk' | 'lnd' | 'cln' | 'eclair';

/**
 * Nodes and channels of one world:
 *
 *     sender --+
 *              +-- forwarder -- payee
 *     second --+
 *
 * - `sender` and `second` each can send 300,000 sat to `payee`, over a forwarding node that charges a fee;
 *   they are no peers of `payee`.
 * - `sender` has 1,000,000 sat of confirmed coins, and is connected to the peers of its channels.
 * - Nobody else pays or is paid meanwhile.
 *
 * One world serves all cases of a suite one after another: a case leaves no HTLC and no subscription behind.
 */
export interface World {
  readonly sender: LightningNode;
  readonly second: LightningNode;
  readonly payee: LightningNode;
  /** The node in the middle, where the driver can show it: its books are checked then, too. */
  readonly forwarder?: LightningNode;
  /**
   * Lets the world run (time, blocks, messages) until `holds` answers true, and asks again after a while.
   * @throws once the driver's patience for something ordinary is over; what was awaited is in the message.
   */
  eventually(what: string, holds: () => Promise<boolean>): Promise<void>;
  /** Lets so much time pass (and returns once it has) that payees give up totals that stay incomplete. */
  outlastParts(): Promise<void>;
  /** Lets so many seconds pass on the clock by which the payee's invoices expire. */
  passSeconds(seconds: number): Promise<void>;
  /** From `begin` to `end` the payee holds complete payments; `end` settles them. */
  readonly hold?: { begin(): Promise<void>; end(): Promise<void> };
  /** A route to the payee: only for drivers without the facet `routes`. */
  route?(from: LightningNode, payee: NodePubkey, amountMsat: Msat): Promise<Route>;
  close(): Promise<void>;
}

export interface Harness {
  readonly driver: DriverName;
  open(): Promise<World>;
  /** Milliseconds that one case may take, and that opening the world may take. Default 30,000. */
  readonly patienceMs?: number;
  /** The daemon tells each channel's sides in whole satoshis, and only their sum to the millisatoshi. */
  readonly wholeSats?: boolean;
}

/** One sentence that every driver must fulfil. Rejects when it does not. */
export interface Case {
  readonly name: string;
  run(world: World, harness: Harness): Promise<void>;
}
