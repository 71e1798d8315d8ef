/** Test only: the memory network as the world of the conformance suite. */
import { fromSat } from '../../money/msat.ts';
import type { Harness, World } from '../conformance/world.ts';
import type { LightningNode } from '../node.ts';
import { type ManualTime, type MemoryNetwork, manualTime, memoryNetwork } from './network.ts';

export interface MemoryWorld extends World {
  readonly network: MemoryNetwork;
}

const PARTS_TIMEOUT_MS = 60_000;
const POLLS = 60;
const POLL_MS = 250;

/** @param wrap what becomes of the driver of each node, by its name: the place for deliberate faults */
export function memoryHarness(
  wrap: (node: LightningNode, name: string) => LightningNode = (node) => node,
  latencyMs = 0,
): Harness {
  return {
    driver: 'memory',
    async open(): Promise<MemoryWorld> {
      const time = manualTime();
      const network = memoryNetwork({
        seed: 'conformance',
        time,
        latencyMs: () => latencyMs,
        partsTimeoutMs: PARTS_TIMEOUT_MS,
      });
      for (const name of ['sender', 'second', 'forwarder', 'payee']) {
        network.addNode({ name, onchainMsat: fromSat(2_000_000n) });
      }
      const capacityMsat = fromSat(1_000_000n);
      const toPolicy = { feeBaseMsat: 1_000, feePpm: 250, cltvDelta: 40 };
      network.addChannel({ from: 'sender', to: 'forwarder', capacityMsat });
      network.addChannel({ from: 'sender', to: 'forwarder', capacityMsat: fromSat(400_000n) });
      network.addChannel({ from: 'second', to: 'forwarder', capacityMsat });
      network.addChannel({
        from: 'forwarder',
        to: 'payee',
        capacityMsat: fromSat(5_000_000n),
        fromPolicy: toPolicy,
      });
      return worldOf(network, time, wrap);
    },
  };
}

function worldOf(
  network: MemoryNetwork,
  time: ManualTime,
  wrap: (node: LightningNode, name: string) => LightningNode,
): MemoryWorld {
  const open = (name: string) => wrap(network.open(name), name);
  const nodes = {
    sender: open('sender'),
    second: open('second'),
    forwarder: open('forwarder'),
    payee: open('payee'),
  };
  const payee = network.faults('payee');
  return {
    ...nodes,
    network,
    async eventually(what, holds) {
      for (let poll = 0; poll < POLLS; poll += 1) {
        if (await holds()) return;
        time.advance(POLL_MS);
        if (poll % 10 === 9) network.mine(1);
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
      throw new Error(`waited in vain for ${what}`);
    },
    async outlastParts() {
      time.advance(PARTS_TIMEOUT_MS + 1_000);
    },
    async passSeconds(seconds) {
      time.advance(seconds * 1000);
    },
    hold: {
      async begin() {
        payee.holdPayments();
      },
      async end() {
        payee.releasePayments();
      },
    },
    async close() {
      network.expectConserved();
      await Promise.all(Object.values(nodes).map((node) => node.stop()));
    },
  };
}
