/** What is at risk at a node: all that the ledger has there, in channels, in flight, settling and in coins. */
import type { Statements } from '../kit/db.ts';
import { nodeAccounts } from '../ledger/account.ts';
import type { NodeId } from '../lightning/ids.ts';
import { type Msat, msat } from '../money/msat.ts';
import type { OwnNode } from './fleet.ts';

export async function readExposures(
  read: Statements,
  nodes: readonly NodeId[],
): Promise<ReadonlyMap<NodeId, Msat>> {
  const wanted = nodes.flatMap((node) => {
    const { channels, inFlight, onchain, settling } = nodeAccounts(node);
    return [channels, inFlight, onchain, settling].map(({ id }) => ({ node, id }));
  });
  const rows = await read.query<{ node: NodeId; msat: bigint }>(
    `select node, coalesce(sum(balance_msat), 0)::bigint as msat
     from unnest($1::text[], $2::text[]) as wanted (node, id) left join account on account.id = wanted.id
     group by node`,
    [wanted.map(({ node }) => node), wanted.map(({ id }) => id)],
  );
  return new Map(rows.map(({ node, msat: held }) => [node, msat(held > 0n ? held : 0n)]));
}

/**
 * What a node may still take; null: it has no cap.
 * @param exposureMsat what it holds
 */
export const roomMsat = ({ exposureMsatMax }: OwnNode, exposureMsat: Msat): Msat | null => {
  if (exposureMsatMax === null || exposureMsatMax === undefined) return null;
  return msat(exposureMsatMax > exposureMsat ? exposureMsatMax - exposureMsat : 0n);
};
