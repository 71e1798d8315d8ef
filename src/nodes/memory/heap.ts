/** A binary heap: the smallest cost first; of equal costs the one that came first. */
export interface Heap<Cost extends number | bigint, Item> {
  push(cost: Cost, item: Item): void;
  peek(): { readonly cost: Cost; readonly item: Item } | undefined;
  pop(): Item | undefined;
}

interface Entry<Cost extends number | bigint, Item> {
  readonly cost: Cost;
  readonly order: number;
  readonly item: Item;
}

export function heap<Cost extends number | bigint, Item>(): Heap<Cost, Item> {
  const entries: Entry<Cost, Item>[] = [];
  let order = 0;
  const isBefore = (one: number, other: number): boolean => {
    const [a, b] = [entries[one], entries[other]];
    if (a === undefined || b === undefined) return a !== undefined;
    return a.cost < b.cost || (a.cost === b.cost && a.order < b.order);
  };
  const swap = (one: number, other: number): void => {
    const [a, b] = [entries[one], entries[other]];
    if (a === undefined || b === undefined) return;
    entries[one] = b;
    entries[other] = a;
  };
  return {
    peek: () => entries[0],
    push(cost, item) {
      let at = entries.push({ cost, order, item }) - 1;
      order += 1;
      while (at > 0 && isBefore(at, (at - 1) >> 1)) {
        swap(at, (at - 1) >> 1);
        at = (at - 1) >> 1;
      }
    },
    pop() {
      const [top] = entries;
      const last = entries.pop();
      if (top === undefined || last === undefined || top === last) return top?.item;
      entries[0] = last;
      for (let at = 0; at < entries.length; ) {
        const left = 2 * at + 1;
        const child = isBefore(left + 1, left) ? left + 1 : left;
        if (!isBefore(child, at)) break;
        swap(at, child);
        at = child;
      }
      return top.item;
    },
  };
}
