/** A regtest chain: btcd or bitcoind, which mines on demand, pays coins to whom a test names, and can fall behind. */
import { randomBytes } from 'node:crypto';
import { bech32 } from '@scure/base';
import { ANYONE_SCRIPT } from '../../../src/practice/chain_transaction.ts';
import type { Daemon } from './daemon.ts';
import { type Payment, payCoins, type Rpc } from './faucet.ts';
import { until } from './until.ts';

/** Coinbases pay to whoever asks first: there is no key to keep, and no signature to make. */
export const MINING_ADDRESS = bech32.encode('bcrt', [0, ...bech32.toWords(ANYONE_SCRIPT.slice(2))]);
export const RPC_USER = 'net';
export const rpcPassword = (): string => randomBytes(12).toString('hex');

export interface Chain {
  readonly kind: 'btcd' | 'bitcoind';
  readonly name: string;
  readonly p2pPort: number;
  readonly rpcPort: number;
  readonly pid: number | null;
  /** How LND is told of it. */
  readonly lndFlags: readonly string[];
  /** @throws Error with the daemon's words */
  rpc: Rpc;
  /** Resolves when this daemon has the blocks; followers and nodes need a moment more. */
  mine(blocks?: number): Promise<void>;
  tip(): Promise<{ readonly height: number; readonly hash: string }>;
  height(): Promise<number>;
  mempool(): Promise<readonly string[]>;
  /** Pays in one transaction, out of coinbases that are ripe; not mined yet. */
  pay(payments: readonly Payment[]): Promise<string>;
  /** Another daemon of the same chain: what one hears the other hears, until `leave`. */
  follow(other: Chain): Promise<void>;
  /** Hears nothing more from the other, and stays at its height. */
  leave(other: Chain): Promise<void>;
  /** SIGSTOP and SIGCONT: it answers nobody, and its connections stay. */
  pause(): void;
  resume(): void;
  /** btcd forgets its regtest chain when it stops: there is no coming back. */
  stop(): Promise<void>;
  logTail(lines?: number): string;
}

/** What the two kinds do differently. */
export interface ChainKind {
  readonly kind: Chain['kind'];
  readonly p2pPort: number;
  readonly rpcPort: number;
  readonly lndFlags: readonly string[];
  readonly rpc: Rpc;
  generate(blocks: number): Promise<unknown>;
}

export function chainOf(daemon: Daemon, its: ChainKind): Chain {
  const { rpc } = its;
  const height = () => rpc<number>('getblockcount');
  const pay = payCoins(rpc);
  return {
    ...its,
    name: daemon.name,
    get pid() {
      return daemon.pid;
    },
    height,
    pay,
    async mine(blocks = 1) {
      await its.generate(blocks);
    },
    async tip() {
      const hash = await rpc<string>('getbestblockhash');
      const { height } = await rpc<{ height: number }>('getblockheader', [hash, true]);
      return { height, hash };
    },
    mempool: () => rpc<string[]>('getrawmempool'),
    async follow(other) {
      await rpc('addnode', [`127.0.0.1:${other.p2pPort}`, 'add']);
      await until(`${daemon.name} to follow ${other.name}`, async () => {
        return (await rpc<string>('getbestblockhash')) === (await other.rpc<string>('getbestblockhash'));
      });
    },
    async leave(other) {
      const address = `127.0.0.1:${other.p2pPort}`;
      await rpc('addnode', [address, 'remove']);
      if (its.kind === 'bitcoind') await rpc('disconnectnode', [address]);
      await until(`${daemon.name} to leave ${other.name}`, async () => {
        const peers = await rpc<{ addr: string }[]>('getpeerinfo');
        return !peers.some(({ addr }) => addr === address);
      });
    },
    pause: daemon.pause,
    resume: daemon.resume,
    stop: daemon.stop,
    logTail: daemon.logTail,
  };
}
