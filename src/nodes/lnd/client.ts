/** LND's services over one connection. */
import { type Connection, connect, type LndAddress } from './call.ts';
import type { ChainNotifier } from './proto/chainnotifier.ts';
import type { Invoices } from './proto/invoices.ts';
import type { Lightning, State } from './proto/lightning.ts';
import type { Router } from './proto/router.ts';
import type { WalletKit } from './proto/walletkit.ts';
import type { WatchtowerClient } from './proto/wtclient.ts';

export interface LndClient {
  readonly lightning: Lightning;
  readonly router: Router;
  readonly invoices: Invoices;
  readonly wallet: WalletKit;
  readonly chain: ChainNotifier;
  readonly towers: WatchtowerClient;
  /** Answers without a macaroon, also while the wallet is locked. */
  readonly state: State;
  close(): void;
}

/** Connects when it is first used, and again whenever the connection is lost. */
export function connectLnd(to: LndAddress): LndClient {
  const { service, close }: Connection = connect(to);
  return {
    lightning: service('lnrpc.Lightning'),
    router: service('routerrpc.Router'),
    invoices: service('invoicesrpc.Invoices'),
    wallet: service('walletrpc.WalletKit'),
    chain: service('chainrpc.ChainNotifier'),
    towers: service('wtclientrpc.WatchtowerClient'),
    state: service('lnrpc.State'),
    close,
  };
}
