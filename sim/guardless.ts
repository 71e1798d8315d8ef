/** A node that sends whatever it is told, however often: as Eclair, which refuses no duplicate. */
import { createHash } from 'node:crypto';
import { partToken } from '../src/lightning/ids.ts';
import type { LightningNode, PartOrder } from '../src/nodes/node.ts';

export function guardless(node: LightningNode, onAgain: (order: PartOrder) => void): LightningNode {
  const times = new Map<string, number>();
  return {
    ...node,
    sendPart(order) {
      const before = times.get(order.token) ?? 0;
      times.set(order.token, before + 1);
      if (before === 0) return node.sendPart(order);
      const token = partToken(createHash('sha256').update(`${order.token}/${before}`).digest('hex'));
      const again = { ...order, token };
      onAgain(again);
      return node.sendPart(again);
    },
  };
}
