/** The further facets of an LND: those that its version has, and its options have switched on. */
import type { Keysend } from '../facets.ts';
import type { Facet, Facets } from '../node.ts';
import type { LndClient } from './client.ts';
import { aliases } from './facets/aliases.ts';
import { backups } from './facets/backups.ts';
import { graph } from './facets/graph.ts';
import { holdInvoices } from './facets/hold_invoices.ts';
import { interception } from './facets/interception.ts';
import { messages } from './facets/messages.ts';
import { policies } from './facets/policies.ts';
import { signing } from './facets/signing.ts';
import { hasTowerClient, watchtower } from './facets/watchtower.ts';
import { zeroConf } from './facets/zero_conf.ts';
import type { GetInfoResponse } from './proto/lightning.ts';

type Further = Omit<Facets, 'routes' | 'open' | 'close'>;

export const lndFacets = (client: LndClient, keysend: Keysend): Required<Further> => ({
  holdInvoices: holdInvoices(client),
  keysend,
  policies: policies(client),
  aliases: aliases(client),
  zeroConf: zeroConf(client),
  messages: messages(client),
  interception: interception(client),
  graph: graph(client),
  backups: backups(client),
  signing: signing(client),
  watchtower: watchtower(client),
});

/** Those that an option switches on: `protocol.option-scid-alias`, `protocol.zero-conf`, `wtclient.active`. */
export const SWITCHED: ReadonlySet<Facet> = new Set(['aliases', 'zeroConf', 'watchtower']);

/** Bits of BOLT 9, as LND sets them: optional. */
const SCID_ALIAS = 47;
const ZERO_CONF = 51;

/** What this LND was started without. @throws LndError where it does not answer */
export async function switchedOff(
  client: LndClient,
  { features }: Pick<GetInfoResponse, 'features'>,
): Promise<ReadonlySet<Facet>> {
  const off = new Set<Facet>();
  if (!features[SCID_ALIAS]) off.add('aliases');
  if (!features[ZERO_CONF]) off.add('zeroConf');
  if (!(await hasTowerClient(client))) off.add('watchtower');
  return off;
}
