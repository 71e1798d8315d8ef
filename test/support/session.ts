/** A node's session as a process without a fleet opens it: for stories about leases. */
import { randomUUID } from 'node:crypto';
import { holdLease, type LeaseContext } from '../../src/fleet/lease.ts';
import { type BookEvents, openSession, type Session } from '../../src/fleet/session.ts';
import type { NodeId } from '../../src/lightning/ids.ts';
import type { LightningNode } from '../../src/nodes/node.ts';

/** Stopped, it gives the lease free. @throws Error when another process owns the node */
export async function takeSession(
  context: LeaseContext,
  own: { readonly id: NodeId; readonly node: LightningNode; readonly holder?: string },
  book: BookEvents = async () => {},
): Promise<Session> {
  const lease = await holdLease(context, own.id, own.holder ?? randomUUID());
  if (lease === null) throw new Error(`node ${own.id} is owned by another Argosy process`);
  const session = openSession(context, own, lease, book, () => {});
  return {
    ...session,
    async stop() {
      await session.stop();
      await lease.release();
    },
  };
}
