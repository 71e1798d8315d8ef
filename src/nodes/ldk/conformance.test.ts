import { type Network, startNetwork } from '../../practice/world_network.ts';
import { conformance, type World } from '../conformance.ts';

type Name = 'sender' | 'second' | 'forwarder' | 'payee';

const TICK_MS = 500;
/** A payee gives up after three ticks at most. */
const TICKS_OF_PARTS = 4;
const EVENTUALLY_MS = 15_000;
const POLL_MS = 10;
/** A world opens in five seconds, where nobody else wants the machine. */
const PATIENCE_MS = 120_000;
const FEE = { baseMsat: 1_000, ppm: 250 };

const channel = (from: Name, to: Name, capacitySat: number) => ({
  from,
  to,
  capacitySat,
  pushSat: 0,
  fromFee: FEE,
  toFee: FEE,
});
const sleep = (ms: number): Promise<void> => new Promise((wake) => setTimeout(wake, ms));

async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + EVENTUALLY_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await sleep(POLL_MS);
  }
}

/** @param groups which nodes share a worker: messages between workers arrive one by one */
async function open(groups: readonly (readonly Name[])[]): Promise<World> {
  let shiftSeconds = 0;
  const network: Network<Name> = await startNetwork<Name>(
    {
      groups,
      aliases: { sender: 'sender', second: 'second', forwarder: 'forwarder', payee: 'payee' },
      channels: [
        channel('sender', 'forwarder', 1_000_000),
        channel('second', 'forwarder', 1_000_000),
        channel('forwarder', 'payee', 5_000_000),
      ],
      spareSat: 1_000_000,
    },
    { tickMs: TICK_MS, nowSeconds: () => Math.floor(Date.now() / 1000) + shiftSeconds },
  );
  return {
    sender: network.node('sender'),
    second: network.node('second'),
    forwarder: network.node('forwarder'),
    payee: network.node('payee'),
    eventually,
    outlastParts: () => sleep(TICK_MS * TICKS_OF_PARTS),
    async passSeconds(seconds) {
      shiftSeconds += seconds;
      await network.mine(1);
    },
    hold: {
      begin: () => network.hold('payee', true),
      end: () => network.hold('payee', false),
    },
    close: () => network.stop(),
  };
}

conformance('a practice node among nodes of its own worker', {
  driver: 'ldk',
  patienceMs: PATIENCE_MS,
  open: () => open([['sender', 'second', 'forwarder', 'payee']]),
});
conformance('a practice node, every peer in another worker', {
  driver: 'ldk',
  patienceMs: PATIENCE_MS,
  open: () => open([['sender', 'second', 'payee'], ['forwarder']]),
});
