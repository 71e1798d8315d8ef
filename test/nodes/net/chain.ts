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
  /** Joins the chain of another daemon: what one hears the other hears, until `leave`. */
  follow(other: Chain): Promise<void>;
  /** Hears nothing more from whom it follows, and stays at its height. */
  leave(): Promise<void>;
  readonly follows: Chain | null;
  /** SIGSTOP and SIGCONT: it answers nobody, and its connections stay. */
  pause(): void;
  resume(): void;
  readonly isPaused: boolean;
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
  /** To another daemon's address; both repeat themselves without harm. */
  connect(address: string): Promise<unknown>;
  disconnect(address: string): Promise<unknown>;
}

const addressOf = ({ p2pPort }: Chain): string => `127.0.0.1:${p2pPort}`;

export function chainOf(daemon: Daemon, its: ChainKind): Chain {
  const { rpc } = its;
  const height = () => rpc<number>('getblockcount');
  const pay = payCoins(rpc);
  let follows: Chain | null = null;
  let isPaused = false;
  return {
    ...its,
    name: daemon.name,
    get pid() {
      return daemon.pid;
    },
    get follows() {
      return follows;
    },
    get isPaused() {
      return isPaused;
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
      await its.connect(addressOf(other));
      await until(`${daemon.name} to follow ${other.name}`, async () => {
        return (await rpc<string>('getbestblockhash')) === (await other.rpc<string>('getbestblockhash'));
      });
      follows = other;
    },
    async leave() {
      if (follows === null) return;
      const address = addressOf(follows);
      await its.disconnect(address);
      await until(`${daemon.name} to be left alone`, async () => {
        const peers = await rpc<{ addr: string }[]>('getpeerinfo');
        return !peers.some(({ addr }) => addr === address);
      });
      follows = null;
    },
    pause() {
      daemon.pause();
      isPaused = true;
    },
    resume() {
      daemon.resume();
      isPaused = false;
    },
    stop: daemon.stop,
    logTail: daemon.logTail,
  };
}
