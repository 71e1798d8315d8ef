import { balanceCases } from './balance_cases.ts';
import { chainCases } from './chain_cases.ts';
import { invoiceCases } from './invoice_cases.ts';
import { nodeCases } from './node_cases.ts';
import { partCases } from './part_cases.ts';
import { routeCases } from './route_cases.ts';
import { sendCases } from './send_cases.ts';
import { stopCases } from './stop_cases.ts';
import { streamCases } from './stream_cases.ts';
import type { Case } from './world.ts';

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
  ...stopCases,
];
