/**
 * A node that was put back to an earlier state shows channels that are older than they were. Whoever lets it go on may
 * lose what they hold: its peers take an old state for theft. So the newest state of each channel is kept beside the
 * node, and one that shows less is drained until somebody has looked.
 */
import type { Db } from '../kit/db.ts';
import type { Log } from '../kit/log.ts';
import { announce } from '../kit/outbox-store.ts';
import type { ChannelId, NodeId } from '../lightning/ids.ts';
import type { Channel } from '../nodes/node.ts';
import type { Member } from './member.ts';
import type { Session } from './session.ts';
import type { Drain } from './standing.ts';
import { readWitness, saveWitness } from './witness-store.ts';

export interface Change {
  readonly older: readonly { readonly channel: ChannelId; readonly was: bigint; readonly is: bigint }[];
  readonly newer: ReadonlyMap<ChannelId, bigint>;
}

/** What channels show, against what was seen of them before. */
export function compareUpdates(
  seen: ReadonlyMap<ChannelId, bigint>,
  channels: readonly Pick<Channel, 'id' | 'updates'>[],
): Change {
  const older = [];
  const newer = new Map<ChannelId, bigint>();
  for (const { id: channel, updates: is } of channels) {
    if (is === null) continue;
    const was = seen.get(channel) ?? -1n;
    if (is < was) older.push({ channel, was, is });
    if (is > was) newer.set(channel, is);
  }
  return { older, newer };
}

interface Seen {
  /** Of the reading that was looked at last. */
  readonly at: number;
  readonly drained: boolean;
  readonly updates: ReadonlyMap<ChannelId, bigint>;
}

export function watchPast(
  { db, log }: { readonly db: Db; readonly log: Log },
  drain: (node: NodeId, by: Omit<Drain, 'since'>) => Promise<boolean>,
) {
  const seenBy = new WeakMap<Session, Seen>();

  /** @returns whether the node has been drained now */
  return async (member: Member, drains: readonly Drain[]): Promise<boolean> => {
    const session = member.session();
    const { reach, channels, at } = member.reading();
    if (session?.owned() !== true || reach === 'down' || channels.every(({ updates }) => updates === null))
      return false;
    const { id } = member.own;
    const drained = drains.some(({ cause }) => cause === 'past');
    const before = seenBy.get(session);
    if (before !== undefined && before.at === at && before.drained === drained) return false;
    // Whoever resumes a drained node has what was seen forgotten.
    const known =
      before === undefined || before.drained !== drained ? await readWitness(db.read, id) : before.updates;
    const { older, newer } = compareUpdates(known, channels);
    const [first] = older;
    if (first === undefined && newer.size > 0) await db.tx((tx) => saveWitness(tx, id, newer));
    seenBy.set(session, { at, drained, updates: new Map([...known, ...newer]) });
    if (first === undefined || drained) return false;
    const reason = `was put back to an earlier state: ${older.length} of its channels are older than they were (${first.channel} at update ${first.is}, seen at ${first.was}). Stop it: its peers may take its old state for theft. Bring back its newest database, or restore it from its channel backup`;
    log.error({ node: id, older: older.length }, 'node was put back to an earlier state; it is drained');
    const fresh = await drain(id, { cause: 'past', reason, principal: null });
    if (fresh) await db.tx((tx) => announce(tx, 'alarm', id, { message: `node ${id} ${reason}` }));
    return fresh;
  };
}
