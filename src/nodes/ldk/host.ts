/** The main thread's side of a worker full of LDK nodes. */
import { MessageChannel, Worker } from 'node:worker_threads';
import type { ChannelId, Network, NodePubkey } from '../../lightning/ids.ts';
import type { LightningNode } from '../node.ts';
import { createDriver } from './driver.ts';
import type {
  Fault,
  FedBlock,
  ForwardingFee,
  FromWorker,
  Gives,
  Knowledge,
  LdkNodeOptions,
  LinkMessage,
  StartingPoint,
  Takes,
  ToWorker,
  Verb,
  WorkerStart,
} from './wire.ts';

export type { Fault, FedBlock, ForwardingFee, Knowledge, LdkNodeOptions, StartingPoint } from './wire.ts';

export interface LdkHostOptions {
  /** Anything but 'regtest' is refused: these bindings are not fit for real money. */
  readonly network: Network;
  readonly nodes: readonly LdkNodeOptions[];
  /** For nodes that are new. */
  readonly startingPoint: StartingPoint;
  /** Where the nodes keep their state between starts. Default: in memory. */
  readonly file?: string;
  /** The chain up to now, from a height on: what stored nodes have missed. Default: there is nothing. */
  readonly blocksFrom?: (height: number) => readonly FedBlock[];
  /** Takes the transactions that the nodes want on the chain. */
  readonly broadcast: (transaction: Uint8Array) => void;
  /** ms; a payee gives an incomplete set of parts up within two to three of them. Default 5,000. */
  readonly tickMs?: number;
  /** ms until a call that has no answer rejects. Default 20,000. */
  readonly patienceMs?: number;
}

export interface LdkHost {
  /** @throws when the worker has no such node */
  node(name: string): LightningNode;
  pubkey(name: string): NodePubkey;
  /** Hands the next block to all nodes; blocks come in order, without gaps. */
  connectBlock(block: FedBlock): void;
  setForwardingFee(name: string, channel: ChannelId, fee: ForwardingFee): Promise<void>;
  /**
   * Lets peers from outside in over TCP, and tells the network of the address.
   * @param port 0: any that is free
   * @returns the port
   * @throws Error when it cannot be listened on
   */
  listen(name: string, host: string, port: number): Promise<number>;
  /** Tells the network of the node; a channel of it must be announced before. */
  announce(name: string): Promise<void>;
  /** What the graph that the nodes share knows. */
  knowledge(): Promise<Knowledge>;
  /** Has the graph written now; it is written now and then in any case. */
  saveGraph(): Promise<void>;
  /** While a node holds, complete payments to it wait unclaimed; the end of it claims them. */
  hold(name: string, on: boolean): Promise<void>;
  /** Breaks a node, or makes it well again with null; another fault takes the place of the last. */
  setFault(name: string, fault: Fault | null): Promise<void>;
  /** Ends with the error that the worker died of, or with null after `stop`. Never rejects. */
  readonly ended: Promise<Error | null>;
  stop(): Promise<void>;
  /** For `linkNodes`. */
  post(message: ToWorker, transfer?: LinkMessage['port'][]): void;
}

/** By default V8 keeps up to 134 MB of what has just been made, and a worker has little use for a tenth of it. */
const YOUNG_MB = 12;
/** Some 40 MB are in use; the lower the limit, the sooner V8 clears away what is not. */
const OLD_MB = 160;
const DEFAULT_TICK_MS = 5_000;
const DEFAULT_PATIENCE_MS = 20_000;

/** A call on its way to the worker. `forget` gives up waiting. */
export interface Calling<T> {
  readonly answer: Promise<T>;
  forget(): void;
}
/** @param patienceMs Infinity: the answer may take for ever */
export type CallWorker = <V extends Verb>(
  node: string,
  verb: V,
  takes: Takes<V>,
  patienceMs?: number,
) => Calling<Gives<V>>;

/** The worker runs from the same kind of file as this one: `.ts` in the source tree, `.js` as published. */
const workerFile = (): URL =>
  new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);

/** @throws Error for any network but regtest, and when the worker does not come up. */
export async function startLdkHost(options: LdkHostOptions): Promise<LdkHost> {
  if (options.network !== 'regtest')
    throw new Error(
      `LDK nodes are for practice on regtest only, not for ${options.network}: use LND, CLN or Eclair`,
    );
  const { nodes, startingPoint, file = null, tickMs = DEFAULT_TICK_MS } = options;
  const workerData: WorkerStart = { nodes, startingPoint, file, tickMs };
  const worker = new Worker(workerFile(), {
    workerData,
    name: 'argosy-ldk',
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB, maxOldGenerationSizeMb: OLD_MB },
  });
  const connection = connect(worker, options);
  const pubkeys = await connection.ready;
  const { call, post, ended } = connection;
  let height = startingPoint.height;
  const drivers = new Map(
    nodes.map(({ name }) => [name, createDriver({ name, call, newestHeight: () => height })]),
  );

  return {
    node: (name) => known(drivers.get(name), name),
    pubkey: (name) => known(pubkeys[name], name),
    connectBlock(block) {
      if (block.height !== height + 1)
        throw new Error(`the nodes know block ${height}: hand them ${height + 1} next, not ${block.height}`);
      height = block.height;
      post({ kind: 'block', block });
    },
    async setForwardingFee(name, channel, fee) {
      await call(name, 'setForwardingFee', { channel, fee }).answer;
    },
    async listen(name, address, port) {
      const bound = await call(name, 'listen', { host: address, port }).answer;
      await call(name, 'announce', null).answer;
      return bound;
    },
    async announce(name) {
      await call(name, 'announce', null).answer;
    },
    knowledge: () => call(nodes[0]?.name ?? '', 'knownGraph', null).answer,
    async saveGraph() {
      await call(nodes[0]?.name ?? '', 'saveGraph', null).answer;
    },
    async hold(name, on) {
      await call(name, 'hold', on).answer;
    },
    async setFault(name, fault) {
      known(drivers.get(name), name);
      post({ kind: 'fault', node: name, fault });
      // A worker takes messages in order: an answer proves that the fault is there.
      await call(name, 'knownGraph', null).answer;
    },
    ended,
    stop: connection.stop,
    post,
  };
}

function known<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`no node is called ${name} here`);
  return value;
}

/** Links two nodes as peers, also across workers. Calls to connect them resolve afterwards. */
export function linkNodes(from: { host: LdkHost; name: string }, to: { host: LdkHost; name: string }): void {
  if (from.host === to.host) {
    from.host.post({ kind: 'link_inside', from: from.name, to: to.name });
    return;
  }
  const { port1, port2 } = new MessageChannel();
  to.host.post({ kind: 'link', node: to.name, peer: null, port: port2 }, [port2]);
  const peer = to.host.pubkey(to.name);
  from.host.post({ kind: 'link', node: from.name, peer, port: port1 }, [port1]);
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Calls that have no answer yet. */
interface Calls {
  readonly call: CallWorker;
  settle(message: Extract<FromWorker, { readonly id: number }>): void;
  /** Nothing will be answered any more. */
  end(error: Error): void;
}

function createCalls(post: (message: ToWorker) => void, usualPatienceMs: number): Calls {
  const waiting = new Map<number, Waiting>();
  let nextId = 1;
  let over: Error | null = null;

  const call: CallWorker = (node, verb, takes, patienceMs = usualPatienceMs) => {
    const { promise, resolve, reject } = Promise.withResolvers<Gives<typeof verb>>();
    const id = nextId++;
    const forget = (): void => {
      if (waiting.delete(id)) post({ kind: 'forget', id });
    };
    if (over !== null) {
      reject(over);
      return { answer: promise, forget };
    }
    const late = (): void => {
      forget();
      reject(new Error(`${node}.${verb} has no answer after ${patienceMs} ms: its outcome is unknown`));
    };
    const timer = Number.isFinite(patienceMs) ? setTimeout(late, patienceMs) : undefined;
    waiting.set(id, { resolve: (value) => resolve(value as Gives<typeof verb>), reject });
    post({ kind: 'call', id, node, verb, takes });
    return { answer: promise.finally(() => clearTimeout(timer)), forget };
  };

  return {
    call,
    settle(message) {
      const caller = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.kind === 'answer') caller?.resolve(message.gives);
      else caller?.reject(new Error(message.message));
    },
    end(error) {
      over ??= error;
      for (const { reject } of waiting.values()) reject(over);
      waiting.clear();
    },
  };
}

interface Connection {
  readonly ready: Promise<Readonly<Record<string, NodePubkey>>>;
  readonly ended: Promise<Error | null>;
  readonly call: CallWorker;
  post: LdkHost['post'];
  stop(): Promise<void>;
}

function connect(
  worker: Worker,
  { broadcast, blocksFrom = () => [], patienceMs = DEFAULT_PATIENCE_MS }: LdkHostOptions,
): Connection {
  const ready = Promise.withResolvers<Readonly<Record<string, NodePubkey>>>();
  const ended = Promise.withResolvers<Error | null>();
  let stopping = false;
  let over = false;
  const post: LdkHost['post'] = (message, transfer) => {
    if (!over) worker.postMessage(message, transfer);
  };
  const calls = createCalls(post, patienceMs);

  function end(error: Error): void {
    over = true;
    ended.resolve(stopping ? null : error);
    ready.reject(error);
    calls.end(error);
  }
  worker.on('message', (message: FromWorker) => {
    if (message.kind === 'stored')
      post({ kind: 'begin', missed: message.height === null ? [] : blocksFrom(message.height) });
    else if (message.kind === 'ready') ready.resolve(message.pubkeys);
    else if (message.kind === 'broadcast') broadcast(message.transaction);
    else calls.settle(message);
  });
  worker.on('error', (error) => end(new Error('the LDK worker died', { cause: error })));
  worker.on('exit', () =>
    end(new Error(stopping ? 'the LDK nodes have been stopped' : 'the LDK worker exited')),
  );
  return {
    ready: ready.promise,
    ended: ended.promise,
    call: calls.call,
    post,
    async stop() {
      stopping = true;
      await worker.terminate();
      end(new Error('the LDK nodes have been stopped'));
    },
  };
}
