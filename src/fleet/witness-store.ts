import type { Statements, Tx } from '../kit/db.ts';
import type { ChannelId, NodeId } from '../lightning/ids.ts';

export const readWitness = async (
  read: Statements,
  node: NodeId,
): Promise<ReadonlyMap<ChannelId, bigint>> => {
  const rows = await read.query<{ channel: ChannelId; updates: bigint }>(
    'select channel, updates from channel_witness where node_id = $1',
    [node],
  );
  return new Map(rows.map(({ channel, updates }) => [channel, updates]));
};

export async function saveWitness(
  tx: Tx,
  node: NodeId,
  newer: ReadonlyMap<ChannelId, bigint>,
): Promise<void> {
  await tx.query(
    `insert into channel_witness (node_id, channel, updates)
     select $1, channel, updates from unnest($2::text[], $3::bigint[]) as seen (channel, updates) order by channel
     on conflict (node_id, channel) do update
       set updates = greatest(channel_witness.updates, excluded.updates), at = now()`,
    [node, [...newer.keys()], [...newer.values()]],
  );
}

/** What the node shows from here on is the truth. */
export async function forgetWitness(tx: Tx, node: NodeId): Promise<void> {
  await tx.query('delete from channel_witness where node_id = $1', [node]);
}
