/** Who is on the way out with a part: the panic switch waits for those who have passed before it was thrown. */
import type { NodeId } from '../lightning/ids.ts';

export interface Gate {
  /**
   * Runs `work`, which asks the database whether it may go on, and sends. What it gives to `hold` is waited for, too:
   * a call to a node that its caller waits for no longer may still get through.
   */
  pass<T>(node: NodeId, work: (hold: (call: Promise<unknown>) => void) => Promise<T>): Promise<T>;
  /** Once all who are passing now are through. Whoever comes later has read a newer switch. */
  clear(node: NodeId): Promise<void>;
}

export function openGate(): Gate {
  const passing = new Map<NodeId, Set<Promise<unknown>>>();
  return {
    pass(node, work) {
      const held: Promise<unknown>[] = [];
      const mine = work((call) => void held.push(call));
      const all = passing.get(node) ?? new Set();
      passing.set(node, all);
      const over = Promise.allSettled([mine])
        .then(() => Promise.allSettled(held))
        .finally(() => all.delete(over));
      all.add(over);
      return mine;
    },
    async clear(node) {
      await Promise.all(passing.get(node) ?? []);
    },
  };
}
