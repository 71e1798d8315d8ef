import { type Network, startNetwork } from './network.ts';

export type ConformanceName = 'sender' | 'second' | 'forwarder' | 'payee';

const CHANNEL_SAT = 1_000_000;
const ONWARD_SAT = 5_000_000;
const COINS_SAT = [600_000, 500_000, 400_000];

/**
 * The network of `World` in src/nodes/conformance:
 *
 *     sender --+
 *              +-- forwarder -- payee
 *     second --+
 */
export const startConformanceNetwork = (): Promise<Network<ConformanceName>> =>
  startNetwork({
    nodes: {
      sender: { coinsSat: COINS_SAT, flags: ['--wtclient.active'] },
      second: { coinsSat: COINS_SAT },
      forwarder: {},
      payee: {},
    },
    channels: [
      { from: 'sender', to: 'forwarder', capacitySat: CHANNEL_SAT },
      { from: 'second', to: 'forwarder', capacitySat: CHANNEL_SAT },
      { from: 'forwarder', to: 'payee', capacitySat: ONWARD_SAT },
    ],
  });
