/**
 * The calls of LND that Argosy makes, what LND asks a macaroon for each, and what each is for. The minimal macaroon grants
 * just these calls (`uri:` permissions); a test compares the list with the driver's code, another with the daemon.
 */
import type { Grant } from './macaroon.ts';

export interface Call {
  /** What LND's own table asks for it; a `uri:` permission for the call does as well. */
  readonly needs: readonly Grant[];
  readonly for: string;
}

const KNOW = 'know which node it is, and whether it is synced';
const CHANNELS = 'know its channels and balances';
const PAY = 'send payments';
const FOLLOW = 'learn how payments ended';
const RECEIVE = 'issue invoices and learn that they are paid';
const FIND = 'find routes';
const PEERS = 'connect to peers';
const WALLET = 'follow the coins of its wallet';
const SPEND = 'send coins on the chain';
const OPEN = 'open and close channels';
const POLICY = 'set the fees of its channels';
const INTERCEPT = 'decide on what it forwards';
const ALIASES = 'give channels other names';
const MESSAGES = 'exchange custom messages with peers';
const BACKUP = 'keep the backup of its channels';
const SIGN = 'sign messages';
const TOWERS = 'have watchtowers watch its channels';

const call = (reason: string, ...needs: readonly Grant[]): Call => ({ needs, for: reason });
const spends = (reason: string): Call => call(reason, 'onchain:write', 'offchain:write');

export const CALLS: Readonly<Record<string, Call>> = {
  '/lnrpc.Lightning/GetInfo': call(KNOW, 'info:read'),
  '/chainrpc.ChainNotifier/RegisterBlockEpochNtfn': call(KNOW, 'onchain:read'),
  '/lnrpc.Lightning/ListChannels': call(CHANNELS, 'offchain:read'),
  '/lnrpc.Lightning/PendingChannels': call(CHANNELS, 'offchain:read'),
  '/lnrpc.Lightning/ClosedChannels': call(CHANNELS, 'offchain:read'),
  '/lnrpc.Lightning/ChannelBalance': call(CHANNELS, 'offchain:read'),
  '/lnrpc.Lightning/SubscribeChannelEvents': call(CHANNELS, 'offchain:read'),
  '/lnrpc.Lightning/ForwardingHistory': call(CHANNELS, 'offchain:read'),
  '/routerrpc.Router/SendToRouteV2': call(PAY, 'offchain:write'),
  '/routerrpc.Router/TrackPaymentV2': call(FOLLOW, 'offchain:read'),
  '/lnrpc.Lightning/ListPayments': call(FOLLOW, 'offchain:read'),
  '/routerrpc.Router/SubscribeHtlcEvents': call(FOLLOW, 'offchain:read'),
  '/lnrpc.Lightning/AddInvoice': call(RECEIVE, 'invoices:write'),
  '/lnrpc.Lightning/LookupInvoice': call(RECEIVE, 'invoices:read'),
  '/lnrpc.Lightning/ListInvoices': call(RECEIVE, 'invoices:read'),
  '/lnrpc.Lightning/SubscribeInvoices': call(RECEIVE, 'invoices:read'),
  '/invoicesrpc.Invoices/AddHoldInvoice': call(RECEIVE, 'invoices:write'),
  '/invoicesrpc.Invoices/SettleInvoice': call(RECEIVE, 'invoices:write'),
  '/invoicesrpc.Invoices/CancelInvoice': call(RECEIVE, 'invoices:write'),
  '/invoicesrpc.Invoices/SubscribeSingleInvoice': call(RECEIVE, 'invoices:read'),
  '/lnrpc.Lightning/QueryRoutes': call(FIND, 'info:read'),
  '/lnrpc.Lightning/DescribeGraph': call(FIND, 'info:read'),
  '/lnrpc.Lightning/SubscribeChannelGraph': call(FIND, 'info:read'),
  '/lnrpc.Lightning/ConnectPeer': call(PEERS, 'peers:write'),
  '/lnrpc.Lightning/WalletBalance': call(WALLET, 'onchain:read'),
  '/lnrpc.Lightning/GetTransactions': call(WALLET, 'onchain:read'),
  '/lnrpc.Lightning/SubscribeTransactions': call(WALLET, 'onchain:read'),
  '/lnrpc.Lightning/NewAddress': call(WALLET, 'address:write'),
  '/walletrpc.WalletKit/ListLeases': call(WALLET, 'onchain:read'),
  '/walletrpc.WalletKit/FundPsbt': call(SPEND, 'onchain:write'),
  '/walletrpc.WalletKit/ReleaseOutput': call(SPEND, 'onchain:write'),
  '/walletrpc.WalletKit/FinalizePsbt': call(SPEND, 'onchain:write'),
  '/walletrpc.WalletKit/PublishTransaction': call(SPEND, 'onchain:write'),
  '/lnrpc.Lightning/OpenChannel': spends(OPEN),
  '/lnrpc.Lightning/FundingStateStep': spends(OPEN),
  '/lnrpc.Lightning/CloseChannel': spends(OPEN),
  '/lnrpc.Lightning/ChannelAcceptor': spends(OPEN),
  '/lnrpc.Lightning/GetChanInfo': call(POLICY, 'info:read'),
  '/lnrpc.Lightning/UpdateChannelPolicy': call(POLICY, 'offchain:write'),
  '/routerrpc.Router/HtlcInterceptor': call(INTERCEPT, 'offchain:write'),
  '/routerrpc.Router/XAddLocalChanAliases': call(ALIASES, 'offchain:write'),
  '/routerrpc.Router/XDeleteLocalChanAliases': call(ALIASES, 'offchain:write'),
  '/lnrpc.Lightning/SendCustomMessage': call(MESSAGES, 'offchain:write'),
  '/lnrpc.Lightning/SubscribeCustomMessages': call(MESSAGES, 'offchain:read'),
  '/lnrpc.Lightning/SubscribeChannelBackups': call(BACKUP, 'offchain:read'),
  '/lnrpc.Lightning/ExportAllChannelBackups': call(BACKUP, 'offchain:read'),
  '/lnrpc.Lightning/SignMessage': call(SIGN, 'message:write'),
  '/lnrpc.Lightning/VerifyMessage': call(SIGN, 'message:read'),
  '/wtclientrpc.WatchtowerClient/AddTower': call(TOWERS, 'offchain:write'),
  '/wtclientrpc.WatchtowerClient/RemoveTower': call(TOWERS, 'offchain:write'),
  '/wtclientrpc.WatchtowerClient/ListTowers': call(TOWERS, 'offchain:read'),
  '/wtclientrpc.WatchtowerClient/Stats': call(TOWERS, 'offchain:read'),
};

export interface MissingPermission {
  readonly permission: Grant;
  /** What cannot be done without it. */
  readonly for: readonly string[];
}

const isGranted = (grants: ReadonlySet<Grant>, path: string, { needs }: Call): boolean =>
  grants.has(`uri:${path}`) || needs.every((need) => grants.has(need));

export const mayCall = (grants: ReadonlySet<Grant>, path: string): boolean => {
  const found = CALLS[path];
  return found !== undefined && isGranted(grants, path, found);
};

/** What a macaroon lacks, each permission once, in the order of the calls. */
export function missingPermissions(grants: ReadonlySet<Grant>): MissingPermission[] {
  const missing = new Map<Grant, Set<string>>();
  for (const [path, each] of Object.entries(CALLS)) {
    if (isGranted(grants, path, each)) continue;
    for (const need of each.needs.filter((permission) => !grants.has(permission))) {
      missing.set(need, (missing.get(need) ?? new Set()).add(each.for));
    }
  }
  return [...missing].map(([permission, reasons]) => ({ permission, for: [...reasons] }));
}

/** What a macaroon may do beyond the calls of Argosy: whole entities, and calls that are not made. */
export const excessGrants = (grants: ReadonlySet<Grant>): Grant[] => {
  const needed = new Set<string>(MINIMAL);
  return [...grants].filter((grant) => !needed.has(grant)).sort();
};

const MINIMAL: readonly Grant[] = Object.keys(CALLS).map((path): Grant => `uri:${path}`);

/**
 * Bakes the minimal macaroon, to be typed where the node runs.
 * @param network as lncli calls it
 */
export const bakeCommand = (network: string): string =>
  [`lncli --network=${network} bakemacaroon --save_to=argosy.macaroon`, ...MINIMAL].join(' ');
