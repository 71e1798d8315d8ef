/** What each facet is good for, in words for operators: `npm run docs:nodes` writes them into docs/nodes.md. */
import type { Facet } from './node.ts';

export interface FacetEntry {
  readonly does: string;
  readonly without: string;
  /** The option that LND has to be started with. */
  readonly lndOption?: string;
}

export const FACET_CATALOGUE: Readonly<Record<Facet, FacetEntry>> = {
  routes: {
    does: 'finds routes by its own map of the network and its own experience',
    without: 'it sends only over routes that come from elsewhere',
  },
  open: { does: 'opens channels', without: 'channels are opened at the node by hand' },
  close: { does: 'closes channels', without: 'channels are closed at the node by hand' },
  holdInvoices: {
    does: 'holds a payment until it is told to take it or give it back',
    without: 'what comes is taken at once; giving it back is another payment, with fees',
  },
  keysend: {
    does: 'pays a node that has issued no invoice',
    without: 'whoever is paid must issue an invoice',
  },
  policies: {
    does: 'tells and sets what forwarding costs, at each channel',
    without: 'fees are set at the node by hand, and are not seen here',
  },
  aliases: {
    does: 'gives a channel further names, which route hints may use before it is there',
    without: 'no channel is made for a payment that is on its way',
    lndOption: 'protocol.option-scid-alias',
  },
  zeroConf: {
    does: 'uses channels of trusted peers before they are confirmed',
    without: 'a new channel waits for its blocks',
    lndOption: 'protocol.zero-conf',
  },
  messages: {
    does: 'exchanges messages with peers beside the protocol, such as offers of liquidity (LSPS)',
    without: 'it takes no part in LSPS',
  },
  interception: {
    does: 'holds what it would forward until it is told what to do',
    without: 'no channel is made for a payment that is on its way, and forwards cannot be stopped',
    lndOption: 'requireinterceptor',
  },
  graph: {
    does: 'shows the public network, and tells what changes in it',
    without: 'plans rest on what the other nodes see',
  },
  backups: {
    does: 'gives a backup of all channels, and a new one with each that comes or goes',
    without:
      'backups are made at the node; with its disk lost and none made, so are the coins in its channels',
  },
  signing: {
    does: 'signs a text as this node, and tells who has signed one',
    without: 'it cannot prove to others that it is yours',
  },
  watchtower: {
    does: 'has towers watch its channels while it is down',
    without: 'it must be back before the delay of its channels is over, or a peer can cheat',
    lndOption: 'wtclient.active',
  },
};
