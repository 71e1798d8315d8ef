/** What other rooms have ordered of a node. */
import type { Statements } from '../kit/db.ts';
import type { NodeId } from '../lightning/ids.ts';

/** Of channels and coins, that the node has not answered for good. */
export const countOpenOrders = async (read: Statements, id: NodeId): Promise<number> =>
  (
    await read.one<{ orders: number }>(
      `select count(*)::integer as orders from chain_order where node_id = $1 and state in ('pending', 'unknown')`,
      [id],
    )
  ).orders;
