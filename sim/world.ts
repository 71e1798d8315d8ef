/** The world of one seed: a network of nodes, a database, processes of Argosy, and all that lies between them. */
import { type Engine, startEngine } from '../src/engine.ts';
import type { OwnNode } from '../src/fleet/fleet.ts';
import { type NodeId, nodeId } from '../src/lightning/ids.ts';
import { fromSat } from '../src/money/msat.ts';
import { type MemoryNetwork, memoryNetwork } from '../src/nodes/memory/network.ts';
import type { LightningNode, PartOrder } from '../src/nodes/node.ts';
import type { Patience } from '../src/payments/context.ts';
import type { Chance } from './chance.ts';
import { guardless } from './guardless.ts';
import { EPOCH_MS, type Machine, machine, type Place, type Skew } from './machine.ts';
import type { Plan } from './plan.ts';
import type { Line, Store } from './store.ts';
import type { Story } from './story.ts';
import type { Timeline } from './timeline.ts';
import { clearWay, reach, type Way } from './transport.ts';

/** Where a process of Argosy runs; whoever dies here is followed by another. */
export interface Slot {
  readonly index: number;
  readonly skew: { -readonly [Key in keyof Skew]: Skew[Key] };
  readonly ways: ReadonlyMap<string, Way>;
  incarnation: number;
  /** The newest process; it may be dead. */
  machine: Machine | null;
  /** Null until its fleet has started. */
  engine: Engine | null;
}

export interface World {
  readonly plan: Plan;
  readonly timeline: Timeline;
  readonly chance: Chance;
  readonly network: MemoryNetwork;
  readonly store: Store;
  readonly line: Line;
  readonly story: Story;
  readonly slots: readonly Slot[];
  /** The own node as it is, without a way between. */
  node(name: string): LightningNode;
  start(slot: number): void;
  /** SIGKILL; another process comes in its place so many ms later. */
  kill(slot: number, backAfterMs: number): void;
  /** SIGSTOP, and SIGCONT so many ms later. */
  freeze(slot: number, forMs: number): void;
  skew(slot: number, byMs: number): void;
  /** Dumps the database. The answer stops every process, puts the database back to the dump, and starts them again. */
  dump(): () => void;
  /** To the node, or all (*), from one process, or from all (-1). */
  ways(slot: number, node: string): Way[];
  /** The region of a process: no node and no database can be reached from there. */
  cutOff(slot: number, sign: number): void;
  /** The node takes nobody's credential any more. */
  revoke(node: string, is: boolean): void;
  /** Has something happen to a process, or to any (-1), once it has come by a place so many times more. */
  arm(slot: number, place: Place, passes: number, happen: (slot: number) => void): void;
  disarm(): void;
  /** Every part that any process has handed over to a node, by its token. */
  readonly orders: ReadonlyMap<string, { readonly order: PartOrder; readonly times: number }>;
}

const PATIENCE: Patience = { sendMs: 4_000, secondLookMs: 500, absenceMs: 20_000, staleMs: 8_000 };
const RESTART_MS = 500;
const IMPORT_AFTER_MS = 12_000;
const PARTS_TIMEOUT_MS = 12_000;

export interface Parts {
  readonly plan: Plan;
  readonly timeline: Timeline;
  readonly chance: Chance;
  readonly store: Store;
  readonly line: Line;
  readonly story: Story;
}

export function buildWorld(parts: Parts): World {
  const { plan, timeline, chance, store, line, story } = parts;
  const network = buildNetwork(parts);
  const armed: { slot: number; place: Place; passes: number; happen: (slot: number) => void }[] = [];
  const orders = new Map<string, { order: PartOrder; times: number }>();
  const revoked = new Set<string>();
  const nodes = new Map(
    plan.nodes.map((name) => {
      const node = network.open(name);
      return [
        name,
        name === plan.guardless
          ? guardless(node, (order) => orders.set(order.token, { order, times: 1 }))
          : node,
      ] as const;
    }),
  );
  const slots = Array.from({ length: plan.processes }, (_, index): Slot => {
    const ways = new Map(plan.nodes.map((name) => [name, clearWay()]));
    const skew = { skewMs: 0, pace: 1 + (chance() - 0.5) * 2e-3 };
    return { index, skew, ways, incarnation: 0, machine: null, engine: null };
  });
  const slotAt = (index: number): Slot => {
    const slot = slots[index % slots.length];
    if (slot === undefined) throw new RangeError(`no slot ${index}`);
    return slot;
  };

  function onPlace(from: Machine, place: Place): void {
    if (armed.length === 0) return;
    for (const trap of armed) {
      const at = slots.find(
        ({ index, machine: here }) => here === from && (trap.slot < 0 || trap.slot === index),
      );
      if (trap.place !== place || at === undefined || trap.passes-- > 0) continue;
      armed.splice(armed.indexOf(trap), 1);
      story.tell(from.name, `comes to ${place}`);
      trap.happen(at.index);
      return;
    }
  }

  function onSend(order: PartOrder, from: Machine): void {
    const before = orders.get(order.token)?.times ?? 0;
    orders.set(order.token, { order, times: before + 1 });
    story.tell(from.name, `hands over part ${order.token.slice(0, 8)} of ${order.paymentHash.slice(0, 8)}`);
  }

  const ownNodes = (slot: Slot, from: Machine): OwnNode[] =>
    plan.nodes.map((name) => ({
      id: nodeId(name) as NodeId,
      region: name,
      driver: 'memory',
      holder: from.name,
      node: reach(world.node(name), {
        timeline,
        chance,
        machine: from,
        way: slot.ways.get(name) ?? clearWay(),
        mayDouble: name !== plan.guardless,
        onSend,
        refusal: () => (revoked.has(name) ? 'permission denied' : null),
      }),
    }));

  const world: World = {
    plan,
    timeline,
    chance,
    network,
    store,
    line,
    story,
    slots,
    orders,
    node(name) {
      const node = nodes.get(name);
      if (node === undefined) throw new Error(`no own node ${name}`);
      return node;
    },
    start(index) {
      const slot = slotAt(index);
      slot.incarnation += 1;
      const name = `argosy-${slot.index + 1}.${slot.incarnation}`;
      const fresh = machine(timeline, name, slot.skew, onPlace);
      slot.machine = fresh;
      slot.engine = null;
      story.tell(name, 'starts');
      const starting = startEngine({
        db: store.connect(fresh),
        clock: fresh.clock,
        log: story.logOf(name),
        network: 'regtest',
        nodes: ownNodes(slot, fresh),
        patience: PATIENCE,
        importAfterMs: IMPORT_AFTER_MS,
        self: { id: name, role: 'up', region: null },
      });
      starting.then(
        (engine) => {
          if (slot.machine === fresh) slot.engine = engine;
        },
        (error: unknown) => {
          // As `argosy up` ends then, and whoever looks after it starts it again.
          story.tell(name, `cannot start: ${error instanceof Error ? error.message : String(error)}`);
          if (slot.machine === fresh) world.kill(index, 1_000);
        },
      );
    },
    kill(index, backAfterMs) {
      const slot = slotAt(index);
      const { machine: dying } = slot;
      if (dying === null || dying.state() === 'dead') return;
      story.tell(dying.name, 'is killed');
      dying.kill();
      store.gone(dying);
      slot.engine = null;
      timeline.after(backAfterMs, () => {
        if (slot.machine === dying) world.start(index);
      });
    },
    freeze(index, forMs) {
      const { machine: victim } = slotAt(index);
      if (victim === null || victim.state() !== 'runs') return;
      story.tell(victim.name, `is frozen for ${forMs} ms`);
      victim.freeze();
      timeline.after(forMs, () => {
        if (victim.state() === 'frozen') story.tell(victim.name, 'is thawed');
        victim.thaw();
      });
    },
    dump() {
      story.tell('operator', 'dumps the database');
      const putBack = store.dump();
      return () => {
        for (const { index } of slots) world.kill(index, RESTART_MS);
        story.tell('operator', 'puts the database back');
        putBack?.();
      };
    },
    skew(index, byMs) {
      slotAt(index).skew.skewMs += byMs;
    },
    ways: (slot, node) =>
      (slot < 0 ? slots : [slotAt(slot)]).flatMap(({ ways }) =>
        [...ways].filter(([name]) => node === '*' || name === node).map(([, way]) => way),
      ),
    cutOff(index, sign) {
      const { machine: from, ways } = slotAt(index);
      for (const way of ways.values()) way.cuts += sign;
      if (from !== null) line.cutOff.set(from.name, (line.cutOff.get(from.name) ?? 0) + sign);
    },
    revoke(node, is) {
      if (!is) revoked.delete(node);
      else {
        revoked.add(node);
        network.faults(node).endStreams('permission denied');
      }
    },
    arm: (slot, place, passes, happen) => void armed.push({ slot, place, passes, happen }),
    disarm: () => void armed.splice(0),
  };
  return world;
}

/** Own nodes with a channel to each of two hubs, which reach everybody else. */
function buildNetwork({ plan, timeline, chance }: Parts): MemoryNetwork {
  const time = { now: () => Math.floor(EPOCH_MS + timeline.now()), after: timeline.after };
  const network = memoryNetwork({
    seed: 'sim',
    time,
    latencyMs: () => chance() * plan.hopMs,
    partsTimeoutMs: PARTS_TIMEOUT_MS,
  });
  const hubs = ['alpha', 'beta'];
  for (const name of [...plan.nodes, ...hubs, 'merchant', 'shop', 'exchange', 'village'])
    network.addNode({ name });
  for (const hub of hubs) {
    for (const name of plan.nodes) {
      const [capacityMsat, pushMsat] = [fromSat(1_000_000n), fromSat(BigInt(chance.whole(400_000, 600_000)))];
      network.addChannel({ from: name, to: hub, capacityMsat, pushMsat });
    }
    for (const far of ['merchant', 'shop']) {
      network.addChannel({ from: hub, to: far, capacityMsat: fromSat(20_000_000n) });
    }
    network.addChannel({ from: 'exchange', to: hub, capacityMsat: fromSat(20_000_000n) });
  }
  // Reached through the fleet alone: what goes there is forwarded.
  network.addChannel({ from: 'us', to: 'village', capacityMsat: fromSat(5_000_000n) });
  if (plan.greedy) for (const name of ['merchant', 'shop']) network.faults(name).takeAgain(true);
  return network;
}
