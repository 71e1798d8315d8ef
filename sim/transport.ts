/** The way between a process and a node: late, lossy, doubled, cut, or refused, as the faults say. */
import { preimage } from '../src/lightning/ids.ts';
import { ZERO_MSAT } from '../src/money/msat.ts';
import type { LightningNode, NodeEvent, PartOrder, PartStatus } from '../src/nodes/node.ts';
import type { Chance } from './chance.ts';
import type { Machine } from './machine.ts';
import type { Timeline } from './timeline.ts';

/** What is wrong with the way, now. Each fault sets and unsets its own. */
export interface Way {
  /** Nothing gets through; nobody is told. */
  cuts: number;
  /** Every connection is refused, at once: another certificate, no route to the host. */
  unreachable: number;
  loseRequests: number;
  loseResponses: number;
  /** The same, of parts alone. */
  loseSendRequests: number;
  loseSendResponses: number;
  doubleRequests: number;
  /** Times the usual delay. */
  slowness: number;
  /** Parts alone are late, by so many ms at most. */
  lateSends: number;
  /** Events are held back until it is over. */
  heldEvents: number;
  /** What the node says of a part is wrong. */
  falseFailures: number;
  falsePreimages: number;
}
export const clearWay = (): Way => ({
  cuts: 0,
  unreachable: 0,
  loseRequests: 0,
  loseResponses: 0,
  loseSendRequests: 0,
  loseSendResponses: 0,
  doubleRequests: 0,
  slowness: 1,
  lateSends: 0,
  heldEvents: 0,
  falseFailures: 0,
  falsePreimages: 0,
});

export interface Journey {
  readonly timeline: Timeline;
  readonly chance: Chance;
  readonly machine: Machine;
  readonly way: Way;
  /** False: whoever is called twice does it twice, and only callers can prevent that. */
  readonly mayDouble: boolean;
  /** Told of every part that a process hands over to be sent, before it leaves. */
  readonly onSend: (order: PartOrder, machine: Machine) => void;
  /** The node's own objection to whoever calls, as for a credential that was revoked; null: none. */
  readonly refusal: () => string | null;
}

/** Longest usual delay one way, ms; a slow way takes it times its slowness. Far below the patience for absence. */
const DELAY_MS = 20;
/** A connection that breaks is noticed so late at most, or never. ms. */
const NOTICED_MS = 8_000;
/** A doubled request comes so much later at most. ms. */
const DOUBLE_MS = 5_000;

/** Events that are held back are looked after so often. ms. */
const HELD_MS = 1_000;

class Broken extends Error {
  override readonly name = 'Broken';
}

/** The node as the process reaches it. */
export function reach(node: LightningNode, journey: Journey): LightningNode {
  const { timeline, chance, machine, way } = journey;
  const delay = (): number => chance() * DELAY_MS * way.slowness;

  function call<Answer>(verb: string, ask: () => Promise<Answer>): Promise<Answer> {
    const isSend = verb === 'sendPart';
    return new Promise((resolve, reject) => {
      const fail = (afterMs: number, why: string) =>
        timeline.after(afterMs, () => machine.enter(() => reject(new Broken(`${verb}: ${why}`))));
      const lost = () => {
        if (chance.odds(0.5)) fail(chance() * NOTICED_MS, 'the connection broke');
      };
      const answered = (bring: () => void) => {
        if (way.cuts > 0 || chance.odds(way.loseResponses + (isSend ? way.loseSendResponses : 0))) lost();
        else timeline.after(delay(), () => machine.enter(bring));
      };
      const arrive = (isFirst: boolean) => {
        if (isFirst) machine.pass(`at ${verb}`);
        const objection = journey.refusal();
        if (objection !== null) {
          answered(() => reject(new Broken(`${verb}: ${objection}`)));
          return;
        }
        ask().then(
          (answer) => isFirst && answered(() => resolve(answer)),
          (error: unknown) => isFirst && answered(() => reject(error)),
        );
      };
      machine.pass(verb);
      machine.enter(() => {
        if (way.unreachable > 0) fail(delay(), 'connection refused');
        else if (way.cuts > 0 || chance.odds(way.loseRequests + (isSend ? way.loseSendRequests : 0))) lost();
        else {
          const late = isSend ? chance() * way.lateSends : 0;
          timeline.after(delay() + late, () => arrive(true));
          if (journey.mayDouble && chance.odds(way.doubleRequests))
            timeline.after(chance() * DOUBLE_MS, () => arrive(false));
        }
      });
    });
  }

  const { routes } = node.facets;
  return {
    facets:
      routes === undefined ? {} : { routes: { find: (asked) => call('find', () => routes.find(asked)) } },
    info: () => call('info', node.info),
    balances: () => call('balances', node.balances),
    channels: () => call('channels', node.channels),
    invoice: (order) => call('invoice', () => node.invoice(order)),
    lookupInvoice: (hash) => call('lookupInvoice', () => node.lookupInvoice(hash)),
    cancelInvoice: (hash) => call('cancelInvoice', () => node.cancelInvoice(hash)),
    sendPart(order) {
      journey.onSend(order, machine);
      return call('sendPart', () => node.sendPart(order));
    },
    lookup: (part) => call('lookup', async () => lie(way, await node.lookup(part))),
    pendingHtlcs: () => call('pendingHtlcs', node.pendingHtlcs),
    connect: (peer, address) => call('connect', () => node.connect(peer, address)),
    address: () => call('address', node.address),
    sendOnchain: (order) => call('sendOnchain', () => node.sendOnchain(order)),
    confirmations: (txid) => call('confirmations', () => node.confirmations(txid)),
    subscribe: (after, deliver) => follow(node, journey, after, deliver),
    stop: async () => {},
  };
}

const later = (timeline: Timeline): Promise<boolean> =>
  new Promise((resolve) => timeline.after(HELD_MS, () => resolve(true)));

/** As a daemon that says FAILED of what still hangs in its channels, or names a preimage that is none. */
function lie(way: Way, status: PartStatus): PartStatus {
  if (way.falseFailures > 0 && status.kind === 'in_flight') return { kind: 'failed', reason: 'no_route' };
  if (way.falsePreimages > 0 && status.kind !== 'settled') {
    return { kind: 'settled', preimage: preimage('00'.repeat(32)), feeMsat: ZERO_MSAT };
  }
  return status;
}

/** A stream breaks with its way, noticed or not; what it brings is delivered inside the process. */
function follow(
  node: LightningNode,
  { timeline, chance, machine, way, refusal }: Journey,
  after: string | null,
  deliver: (batch: readonly NodeEvent[]) => Promise<void>,
): ReturnType<LightningNode['subscribe']> {
  const ended = Promise.withResolvers<Error | null>();
  const end = (why: string) => machine.enter(() => ended.resolve(new Broken(why)));
  const passable = () => way.cuts === 0 && way.unreachable === 0 && refusal() === null;
  if (!passable()) {
    timeline.after(chance() * DELAY_MS, () => end('the stream could not be opened'));
    return { ended: ended.promise, stop: async () => ended.resolve(null) };
  }
  const inner = node.subscribe(after, async (batch) => {
    do await new Promise<void>((resolve) => timeline.after(chance() * DELAY_MS, resolve));
    while (way.heldEvents > 0 && (await later(timeline)));
    if (!passable()) {
      end('the stream broke');
      void inner.stop();
      throw new Broken('the stream broke');
    }
    // A dead process acknowledges nothing; what a live one has booked and could not acknowledge comes again.
    await new Promise<void>((resolve, reject) =>
      machine.enter(() => {
        machine.pass('event');
        machine.enter(() => void deliver(batch).then(resolve, reject));
      }),
    );
  });
  void inner.ended.then((error) => machine.enter(() => ended.resolve(error)));
  return {
    ended: ended.promise,
    stop() {
      ended.resolve(null);
      return inner.stop();
    },
  };
}
