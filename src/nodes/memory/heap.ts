/** A binary heap: the smallest cost first; of equal costs the one that came first. */
export interface Heap<Item> {
  push(cost: bigint, item: Item): void;
  pop(): Item | undefined;
}

interface Entry<Item> {
  readonly cost: bigint;
  readonly order: number;
  readonly item: Item;
}

const before = (a: Entry<unknown> | undefined, b: Entry<unknown> | undefined): boolean =>
  a !== undefined && (b === undefined || a.cost < b.cost || (a.cost === b.cost && a.order < b.order));

export function heap<Item>(): Heap<Item> {
  const entries: Entry<Item>[] = [];
  let order = 0;
  const swap = (a: number, b: number): void => {
    const [first, second] = [entries[a], entries[b]];
    if (first === undefined || second === undefined) return;
    entries[a] = second;
    entries[b] = first;
  };
  return {
    push(cost, item) {
      let at = entries.push({ cost, order, item }) - 1;
      order += 1;
      while (at > 0) {
        const parent = (at - 1) >> 1;
        if (!before(entries[at], entries[parent])) return;
        swap(at, parent);
        at = parent;
      }
    },
    pop() {
      const top = entries[0];
      const last = entries.pop();
      if (top === undefined || last === undefined || top === last) return top?.item;
      entries[0] = last;
      for (let at = 0; ; ) {
        const left = 2 * at + 1;
        const child = before(entries[left + 1], entries[left]) ? left + 1 : left;
        if (!before(entries[child], entries[at])) return top.item;
        swap(at, child);
        at = child;
      }
    },
  };
}
