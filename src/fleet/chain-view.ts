/**
 * Do the own nodes see one chain? Each remembers its newest blocks; two are compared at the highest block that both
 * remember. Pure.
 */
import type { NodeId } from '../lightning/ids.ts';

/** Hashes by height, of the newest blocks that a node has named. */
export type Ring = ReadonlyMap<number, string>;

const RING_BLOCKS = 144;

/** The ring with the node's newest block. What that block contradicts is forgotten: the node has left it. */
export function remember(ring: Ring, height: number, hash: string): Ring {
  if (ring.get(height) === hash && !ring.has(height + 1)) return ring;
  const tip = Math.max(-1, ...ring.keys());
  const kept = height > tip ? [...ring].slice(-(RING_BLOCKS - 1)) : [];
  return new Map([...kept, [height, hash]]);
}

export interface ChainView {
  readonly node: NodeId;
  readonly height: number;
  readonly ring: Ring;
}

/**
 * `alone`: nobody else bears out what this node has shown.
 * `behind`: two blocks or more below the best of its own chain. `forked`: the fleet's other nodes have another block
 * at height `at`. `disputed`: as many see this block as see another, and neither chain is the longer by two.
 */
export type Verdict =
  | { readonly kind: 'alone' | 'agrees' }
  | { readonly kind: 'behind'; readonly height: number; readonly best: number }
  | { readonly kind: 'forked' | 'disputed'; readonly at: number; readonly others: readonly NodeId[] };

/** Neighbouring regions hear of a block seconds apart; two blocks are no chance. */
const BEHIND_BLOCKS = 2;

export function compareViews(views: readonly ChainView[]): ReadonlyMap<NodeId, Verdict> {
  const camps = campsOf(views);
  return new Map(views.map((view) => [view.node, verdictOf(view, views, camps)]));
}

function verdictOf(view: ChainView, views: readonly ChainView[], camps: readonly Camp[]): Verdict {
  const mine = campOf(camps, view);
  const against = camps.filter((camp) => camp !== mine && conflict(mine, camp) !== null);
  const rival = against.toSorted(stronger)[0];
  const at = rival === undefined ? null : conflict(mine, rival);
  if (rival !== undefined && at !== null) {
    const order = stronger(mine, rival);
    const others = rival.map(({ node }) => node);
    if (order > 0) return { kind: 'forked', at, others };
    if (order === 0) return { kind: 'disputed', at, others };
  }
  // A chain that the stronger camp has left is no measure.
  const sound = views.filter((other) => conflict(mine, campOf(camps, other)) === null);
  const best = Math.max(...sound.map(({ height }) => height));
  if (best - view.height >= BEHIND_BLOCKS) return { kind: 'behind', height: view.height, best };
  return { kind: mine.length > 1 ? 'agrees' : 'alone' };
}

/** Nodes that agree with one another, or by way of others. */
type Camp = readonly ChainView[];

function campsOf(views: readonly ChainView[]): readonly Camp[] {
  let camps: readonly Camp[] = [];
  for (const view of views) {
    const [friends, strangers] = [true, false].map((wanted) =>
      camps.filter((camp) => camp.some((other) => agree(view, other)) === wanted),
    );
    camps = [...(strangers ?? []), [...(friends ?? []).flat(), view]];
  }
  return camps;
}

const campOf = (camps: readonly Camp[], view: ChainView): Camp =>
  camps.find((camp) => camp.includes(view)) ?? [view];

/** Below zero: the first is the stronger one. More nodes are; of equally many the chain that is longer by two. */
function stronger(one: Camp, other: Camp): number {
  if (one.length !== other.length) return other.length - one.length;
  const ahead = tipOf(other) - tipOf(one);
  return Math.abs(ahead) >= BEHIND_BLOCKS ? ahead : 0;
}

const tipOf = (camp: Camp): number => Math.max(...camp.map(({ height }) => height));

const agree = (one: ChainView, other: ChainView): boolean => {
  const height = highestCommon(one.ring, other.ring);
  return height !== null && one.ring.get(height) === other.ring.get(height);
};

/** The height of a block that two camps have differently; null: none is known. */
function conflict(one: Camp, other: Camp): number | null {
  if (one === other) return null;
  const heights = one.flatMap((mine) =>
    other.flatMap((theirs) => highestCommon(mine.ring, theirs.ring) ?? []),
  );
  return heights.length === 0 ? null : Math.max(...heights);
}

function highestCommon(one: Ring, other: Ring): number | null {
  const common = [...one.keys()].filter((height) => other.has(height));
  return common.length === 0 ? null : Math.max(...common);
}

// How long it has been so ------------------------------------------------------------------------------------------

/** How long a verdict has to hold before anything is done about it. ms. */
export interface ChainPatience {
  readonly behindMs: number;
  readonly forkedMs: number;
  /** Two blocks may be found at once, and the next one decides: both go on until then. */
  readonly disputedMs: number;
  /** Without a new block anywhere. */
  readonly quietMs: number;
}
export const DEFAULT_CHAIN_PATIENCE: ChainPatience = {
  behindMs: 60_000,
  forkedMs: 30_000,
  disputedMs: 30 * 60_000,
  quietMs: 2 * 3_600_000,
};

/** `since`: from when on the verdict has been of this kind. ms since 1970. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly since: number;
}

export const judge = (
  before: ReadonlyMap<NodeId, Judgement>,
  views: readonly ChainView[],
  nowMs: number,
): ReadonlyMap<NodeId, Judgement> =>
  new Map(
    [...compareViews(views)].map(([node, verdict]) => {
      const last = before.get(node);
      return [node, { verdict, since: last?.verdict.kind === verdict.kind ? last.since : nowMs }];
    }),
  );

/** What is to be done about a node: nothing, drain it, or let it receive only. */
export function consequenceOf(
  { verdict, since }: Judgement,
  patience: ChainPatience,
  nowMs: number,
): 'none' | 'drain' | 'no_sends' {
  const lasted = nowMs - since;
  if (verdict.kind === 'behind') return lasted >= patience.behindMs ? 'drain' : 'none';
  if (verdict.kind === 'forked') return lasted >= patience.forkedMs ? 'drain' : 'none';
  return verdict.kind === 'disputed' && lasted >= patience.disputedMs ? 'no_sends' : 'none';
}

/** Why, for whoever has to mend it; null when nothing is wrong. */
export function chainReason(verdict: Verdict): string | null {
  switch (verdict.kind) {
    case 'behind':
      return `its chain stands at block ${verdict.height}, ${verdict.best - verdict.height} behind the other nodes (${verdict.best}): its bitcoind (or btcd) is stuck or cut off`;
    case 'forked':
      return `its block ${verdict.at} is another than that of ${list(verdict.others)}: its bitcoind (or btcd) follows another chain`;
    case 'disputed':
      return `its block ${verdict.at} is another than that of ${list(verdict.others)}, and as many nodes see the one as the other: compare both with a block explorer`;
    default:
      return null;
  }
}

const list = (nodes: readonly NodeId[]): string => nodes.join(' and ');
