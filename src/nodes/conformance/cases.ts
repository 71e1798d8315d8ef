import type { Facet } from '../node.ts';
import { backupCases } from './backup_cases.ts';
import { balanceCases } from './balance_cases.ts';
import { chainCases } from './chain_cases.ts';
import { aliasCases, policyCases, zeroConfCases } from './channel_facet_cases.ts';
import { holdCases } from './hold_cases.ts';
import { interceptionCases } from './interception_cases.ts';
import { invoiceCases } from './invoice_cases.ts';
import { keysendCases } from './keysend_cases.ts';
import { nodeCases } from './node_cases.ts';
import { closeCases, openCases } from './opening_cases.ts';
import { partCases } from './part_cases.ts';
import { graphCases, messageCases, signingCases, watchtowerCases } from './peer_facet_cases.ts';
import { routeCases } from './route_cases.ts';
import { sendCases } from './send_cases.ts';
import { stopCases } from './stop_cases.ts';
import { streamCases } from './stream_cases.ts';
import type { Case } from './world.ts';

const FACET_CASES: Partial<Record<Facet, readonly Case[]>> = {
  open: openCases,
  close: closeCases,
  holdInvoices: holdCases,
  keysend: keysendCases,
  policies: policyCases,
  aliases: aliasCases,
  messages: messageCases,
  interception: interceptionCases,
  graph: graphCases,
  signing: signingCases,
  watchtower: watchtowerCases,
  backups: backupCases,
  zeroConf: zeroConfCases,
};

/** Cases of a facet run where it is known or declared; a known facet that is not declared fails in `nodeCases`. */
export const casesFor = (facets: ReadonlySet<string>): readonly Case[] => [
  ...nodeCases,
  ...invoiceCases,
  ...sendCases,
  ...partCases,
  ...streamCases,
  ...balanceCases,
  ...(facets.has('routes') ? routeCases : []),
  ...chainCases,
  ...Object.entries(FACET_CASES).flatMap(([facet, cases]) => (facets.has(facet) ? cases : [])),
  ...stopCases,
];
