/** What can go wrong, by name; the numbers are those of the table in docs/reliability.md. */
import type { Chance } from './chance.ts';
import type { Place } from './machine.ts';
import type { Way } from './transport.ts';
import type { World } from './world.ts';

export interface Shape {
  readonly nodes: readonly string[];
  readonly processes: number;
  readonly spanMs: number;
  /** When payments are asked for. */
  readonly times: readonly number[];
}

/** When, for how long, and whom it hits. Which of these a fault has is its own affair. */
export interface Hit {
  readonly at: number;
  readonly lastsMs: number;
  readonly node?: string;
  readonly slot?: number;
  readonly place?: Place;
  /** How often the place is passed unharmed first. */
  readonly passes?: number;
  readonly amount?: number;
}
export interface PlannedFault extends Hit {
  readonly name: FaultName;
}

export interface Fault {
  /** Of the table of 25; null: beside it. */
  readonly number: number | null;
  /** False: only when it is asked for by its name. */
  readonly mixed?: false;
  /** It takes so many processes at least. */
  readonly processes?: number;
  /** Nothing is received or forwarded meanwhile. */
  readonly onlyPayments?: true;
  /** Absent: it is in the shape of the plan, or in what clients ask for. */
  readonly plan?: (chance: Chance, shape: Shape) => Hit;
  readonly begin?: (world: World, hit: Hit) => void;
  readonly end?: (world: World, hit: Hit) => void;
}

/** Mostly when somebody has just asked for something. */
const soon = (chance: Chance, { spanMs, times }: Shape): number =>
  chance.odds(0.6) ? Math.max(0, chance.pick(times) + chance.whole(-100, 150)) : chance.whole(0, spanMs);
const span = (chance: Chance): number => {
  const kind = chance();
  if (kind < 0.8) return chance.whole(100, 2_500);
  return kind < 0.95 ? chance.whole(2_500, 12_000) : chance.whole(12_000, 60_000);
};
const atNode = (chance: Chance, shape: Shape): Hit => ({
  at: soon(chance, shape),
  lastsMs: span(chance),
  node: chance.pick(shape.nodes),
});
const atSlot = (chance: Chance, shape: Shape): Hit => ({
  at: soon(chance, shape),
  lastsMs: span(chance),
  slot: chance.whole(0, shape.processes - 1),
});
/** Between a process, or all (slot -1), and a node. */
const onWay = (chance: Chance, shape: Shape): Hit => ({
  ...atNode(chance, shape),
  ...(chance.odds(0.5) ? { node: '*' } : {}),
  slot: chance.odds(0.85) ? -1 : chance.whole(0, shape.processes - 1),
});
const hub = (chance: Chance, shape: Shape): Hit => ({
  ...atNode(chance, shape),
  node: chance.pick(['alpha', 'beta']),
});
const payee = (chance: Chance, shape: Shape): Hit => ({
  ...atNode(chance, shape),
  node: chance.pick(['merchant', 'shop']),
});
/** At the `passes`-th time that a process, or any (slot -1), comes by one of these places. */
const atPlace =
  (places: readonly Place[], passesMost: number) =>
  (chance: Chance, shape: Shape): Hit => ({
    ...atSlot(chance, shape),
    ...(chance.odds(0.7) ? { slot: -1 } : {}),
    place: chance.pick(places),
    passes: chance.whole(0, passesMost),
  });

const crash: Pick<Fault, 'begin'> = {
  begin: (world, { slot = 0, place = '', passes = 0, lastsMs }) =>
    world.arm(slot, place, passes, (who) => world.kill(who, lastsMs)),
};
const freeze: Pick<Fault, 'begin'> = {
  begin: (world, { slot = 0, place = '', passes = 0, lastsMs }) =>
    world.arm(slot, place, passes, (who) => world.freeze(who, lastsMs)),
};
const way = (key: keyof Way) => {
  const add = (world: World, { slot = -1, node = '', amount = 1 }: Hit, sign: number) => {
    for (const each of world.ways(slot, node)) each[key] += sign * amount;
  };
  return {
    begin: (world: World, hit: Hit) => add(world, hit, 1),
    end: (world: World, hit: Hit) => add(world, hit, -1),
  };
};
/** Of all calls, or of parts alone. */
const oneOf = (all: keyof Way, sends: keyof Way): Pick<Fault, 'begin' | 'end'> => ({
  begin: (world, hit) => way(hit.place === undefined ? all : sends).begin(world, hit),
  end: (world, hit) => way(hit.place === undefined ? all : sends).end(world, hit),
});
/** Lies about parts under way: payments are held meanwhile, so that there are some. */
const lies = (key: 'falseFailures' | 'falsePreimages'): Pick<Fault, 'plan' | 'begin' | 'end'> => ({
  plan: (chance, shape) => ({
    at: chance.whole(0, 1_000),
    lastsMs: chance.whole(20_000, 50_000),
    node: chance.pick(shape.nodes),
  }),
  begin(world, hit) {
    way(key).begin(world, hit);
    for (const payee of PAYEES) world.network.faults(payee).holdPayments();
  },
  end(world, hit) {
    for (const payee of PAYEES) world.network.faults(payee).releasePayments();
    world.timeline.after(100, () => way(key).end(world, hit));
  },
});
const PAYEES = ['merchant', 'shop'] as const;
const lossy = (chance: Chance, shape: Shape): Hit => ({
  ...onWay(chance, shape),
  ...(chance.odds(0.6) ? { place: 'sendPart' } : {}),
  amount: chance.pick([0.3, 0.6, 0.95]),
});

/** Where a process touches the world. */
const BOUNDARIES: readonly Place[] = [
  'statement',
  'commit',
  'sendPart',
  'at sendPart',
  'event',
  'lookup',
  'cancelInvoice',
];

const table = {
  node_crash: {
    number: 1,
    plan: atNode,
    begin: ({ network }, { node = '' }) => network.faults(node).kill(),
    end: ({ network }, { node = '' }) => network.faults(node).start(),
  },
  request_lost: { number: 2, plan: lossy, ...oneOf('loseRequests', 'loseSendRequests') },
  response_lost: { number: 3, plan: lossy, ...oneOf('loseResponses', 'loseSendResponses') },
  crash_before_intent: { number: 4, plan: atPlace(['commit'], 12), ...crash },
  crash_before_send: { number: 5, plan: atPlace(['sendPart'], 3), ...crash },
  crash_after_send: { number: 6, plan: atPlace(['at sendPart'], 3), ...crash },
  crash_anywhere: { number: 6, plan: atPlace(BOUNDARIES, 30), ...crash },
  two_orchestrators: { number: 7, processes: 2 },
  // Between the last look at the database and the send: another process takes over, and draws its conclusions.
  frozen_before_send: {
    number: 8,
    processes: 2,
    plan: (chance, shape) => ({
      ...atPlace(['readClearance', 'after readClearance'], 1)(chance, shape),
      at: 0,
      slot: -1,
      lastsMs: chance.whole(9_000, 60_000),
    }),
    ...freeze,
  },
  frozen: { number: 8, plan: atPlace(BOUNDARIES, 12), ...freeze },
  clock_skew: {
    number: 9,
    plan: (chance, shape) => ({ ...atSlot(chance, shape), amount: chance.pick([-600_000, 600_000]) }),
    begin: (world, { slot = 0, amount = 0 }) => world.skew(slot, amount),
    end: (world, { slot = 0, amount = 0 }) => world.skew(slot, -amount),
  },
  stuck_htlc: {
    number: 10,
    plan: hub,
    begin: ({ network }, { node = '' }) => network.faults(node).stickForwards(),
    end: ({ network }, { node = '' }) => network.faults(node).unstickForwards(),
  },
  late_success: {
    number: 11,
    plan: payee,
    begin: ({ network }, { node = '' }) => network.faults(node).holdPayments(),
    end: ({ network }, { node = '' }) => network.faults(node).releasePayments(),
  },
  partial_mpp: {
    number: 12,
    plan: hub,
    begin: ({ network }, { node = '' }) => {
      for (const far of PAYEES) network.unlink(node, far);
    },
    end: ({ network }, { node = '' }) => {
      for (const far of PAYEES) network.link(node, far);
    },
  },
  history_deleted: {
    number: 13,
    plan: atNode,
    begin: ({ network }, { node = '' }) => network.faults(node).deleteHistory(),
  },
  // Deleted while nobody could follow: what happened then can be learned from nobody.
  history_lost: {
    number: 13,
    onlyPayments: true,
    plan: atNode,
    begin: (world, hit) => way('cuts').begin(world, { ...hit, slot: -1, amount: 1 }),
    end(world, { node = '', ...hit }) {
      const { network } = world;
      const forget = network
        .open(node)
        .balances()
        .then(({ cursor }) => network.faults(node).forgetEvents(cursor));
      network.faults(node).deleteHistory();
      void forget.finally(() => way('cuts').end(world, { ...hit, node, slot: -1, amount: 1 }));
    },
  },
  no_duplicate_guard: { number: 14 },
  request_replayed: { number: 17 },
  invoice_reused: { number: 18 },
  bad_invoice: { number: 19 },
  bad_amount: { number: 20 },
  region_cut_off: {
    number: 21,
    plan: atSlot,
    begin: (world, { slot = 0 }) => world.cutOff(slot, 1),
    end: (world, { slot = 0 }) => world.cutOff(slot, -1),
  },
  node_cut_off: { number: 21, plan: onWay, ...way('cuts') },
  credential_revoked: {
    number: 22,
    plan: atNode,
    begin: (world, { node = '' }) => world.revoke(node, true),
    end: (world, { node = '' }) => world.revoke(node, false),
  },
  certificate_rotated: { number: 23, plan: onWay, ...way('unreachable') },
  database_failover: {
    number: 24,
    plan: (chance, shape) => ({ at: soon(chance, shape), lastsMs: chance.whole(0, 8_000) }),
    begin: ({ line }) => {
      line.away += 1;
    },
    end: ({ line }) => {
      line.away -= 1;
    },
  },
  commit_unknown: {
    number: 24,
    plan: (chance, shape) => ({
      at: soon(chance, shape),
      lastsMs: chance.whole(500, 8_000),
      amount: chance.pick([0.1, 0.5]),
      ...(chance.odds(0.5) ? { place: 'moveCursor' } : {}),
    }),
    begin: ({ line }, { amount = 0, place }) => {
      line[place === undefined ? 'loseCommits' : 'loseBookings'] += amount;
    },
    end: ({ line }, { amount = 0, place }) => {
      line[place === undefined ? 'loseCommits' : 'loseBookings'] -= amount;
    },
  },
  connections_lost: {
    number: 24,
    plan: (chance, shape) => ({
      at: soon(chance, shape),
      lastsMs: span(chance),
      amount: chance.pick([0.02, 0.2]),
    }),
    begin: ({ line }, { amount = 0 }) => {
      line.loseStatements += amount;
    },
    end: ({ line }, { amount = 0 }) => {
      line.loseStatements -= amount;
    },
  },
  stale_restore: {
    number: 25,
    plan: (chance, shape) => ({ at: soon(chance, shape), lastsMs: chance.whole(100, 4_000) }),
    begin(world, { lastsMs }) {
      const putBack = world.dump();
      world.timeline.after(lastsMs, putBack);
    },
  },
  request_doubled: { number: null, plan: lossy, ...way('doubleRequests') },
  slow_way: {
    number: null,
    plan: (chance, shape) => ({ ...onWay(chance, shape), amount: chance.pick([10, 60, 400]) }),
    ...way('slowness'),
  },
  late_send: {
    number: null,
    plan: (chance, shape) => ({ ...onWay(chance, shape), amount: chance.whole(2_000, 9_000) }),
    ...way('lateSends'),
  },
  late_events: {
    number: null,
    plan: (chance, shape) => ({ ...onWay(chance, shape), lastsMs: chance.whole(1_000, 40_000) }),
    ...way('heldEvents'),
  },
  streams_end: {
    number: null,
    plan: atNode,
    begin: ({ network }, { node = '' }) => network.faults(node).endStreams('as planned'),
  },
  blocks_pass: {
    number: null,
    plan: (chance, shape) => ({ at: soon(chance, shape) * 2, lastsMs: 0, amount: chance.pick([1, 6, 200]) }),
    begin: ({ network }, { amount = 1 }) => network.mine(amount),
  },
  false_failure: { number: null, ...lies('falseFailures') },
  false_preimage: { number: null, ...lies('falsePreimages') },
  // Its request leaves once it is thawed: the node refuses what comes too late.
  frozen_in_send: {
    number: 8,
    processes: 2,
    plan: (chance) => ({
      at: 0,
      lastsMs: chance.whole(34_000, 60_000),
      slot: -1,
      place: 'sendPart',
      passes: chance.whole(0, 1),
    }),
    ...freeze,
  },
  chain_forked: {
    number: null,
    plan: atNode,
    begin: ({ network }, { node = '' }) => network.faults(node).forkChain(true),
    end: ({ network }, { node = '' }) => network.faults(node).forkChain(false),
  },
} satisfies Record<string, Fault>;

export type FaultName = keyof typeof table;
export const FAULTS: Readonly<Record<FaultName, Fault>> = table;

/** Of the table of 25, what no part of this product has yet, so that it cannot be simulated. */
export const NOT_SIMULATED: Readonly<Record<string, string>> = {
  receiver_down: '15: there are no webhooks yet',
  webhook_twice: '16: there are no webhooks yet',
};
