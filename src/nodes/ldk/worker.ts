/**
 * The thread that LDK lives in. It works in steps:
 * 1. inputs (bytes, blocks, calls) change memory only;
 * 2. all nodes run until nothing moves between them;
 * 3. here one commit of the state will go;
 * 4. and only then anything leaves: bytes to peers elsewhere, answers, transactions.
 * An error anywhere ends the thread: a node whose state is half changed must not go on.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { nodePubkey } from '../../lightning/ids.ts';
import { ldk, loadLdk } from './bindings.ts';
import { createLogger } from './core.ts';
import { createLinks } from './links.ts';
import { type Answering, createLdkNode, type LdkNode } from './node.ts';
import type { CallMessage, FromWorker, ToWorker, Verb, WorkerStart } from './wire.ts';

/** More rounds than any exchange of messages takes; whoever needs more goes on in the next step. */
const MAX_ROUNDS = 1_000;
const REDIAL_MS = 250;
const PEER_TICK_MS = 10_000;

if (parentPort === null) throw new Error('worker.ts runs as a worker thread: use startLdkHost()');
const main = parentPort;
const start = workerData as WorkerStart;
await loadLdk();

const inbox: (() => void)[] = [];
const outbox: FromWorker[] = [];
const questions = new Map<number, Answering<Verb>>();
let armed = false;

function enqueue(input: () => void): void {
  inbox.push(input);
  if (armed) return;
  armed = true;
  setImmediate(step);
}

const links = createLinks(enqueue);
const logger = createLogger((line) => {
  if (process.env.ARGOSY_LDK_LOG) process.stderr.write(`[ldk] ${line}\n`);
});
const surroundings = {
  graph: ldk.NetworkGraph.constructor_new(ldk.Network.LDKNetwork_Regtest, logger),
  logger,
  startingPoint: start.startingPoint,
  broadcast: (transaction: Uint8Array) => void outbox.push({ kind: 'broadcast', transaction }),
};
const nodes = new Map<string, LdkNode>(
  start.nodes.map((options) => [options.name, createLdkNode(options, surroundings, links)]),
);

function find(name: string): LdkNode {
  const node = nodes.get(name);
  if (node === undefined) throw new Error(`no node ${name} here: there are ${[...nodes.keys()].join(', ')}`);
  return node;
}

function step(): void {
  armed = false;
  for (const input of inbox.splice(0)) input();
  if (!runUntilQuiet()) enqueue(() => {});
  answerQuestions();
  commit();
  release();
}

function runUntilQuiet(): boolean {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    let busy = false;
    for (const node of nodes.values()) busy = node.pump() || busy;
    busy = links.exchange() || busy;
    if (!busy) return true;
  }
  return false;
}

function answerQuestions(): void {
  for (const [id, question] of questions) {
    const answer = attempt(id, question);
    if (answer === undefined) continue;
    questions.delete(id);
    outbox.push(answer);
  }
}

function attempt(id: number, question: () => unknown): FromWorker | undefined {
  try {
    const gives = question();
    return gives === undefined ? undefined : { kind: 'answer', id, gives };
  } catch (error) {
    return toError(id, error);
  }
}

/** A trap inside WASM has left LDK half way: only errors of our own are answers. */
function toError(id: number, error: unknown): FromWorker {
  if (error instanceof Error && error.name === 'RuntimeError') throw error;
  return { kind: 'error', id, message: error instanceof Error ? error.message : String(error) };
}

/** The place where managers, monitors, records and the chain become durable in one commit. Nothing yet. */
function commit(): void {}

function release(): void {
  links.release();
  for (const message of outbox.splice(0)) main.postMessage(message);
}

function call({ id, node, verb, takes }: CallMessage): void {
  try {
    const run = find(node).verbs[verb] as (takes: unknown) => Answering<Verb>;
    questions.set(id, run(takes));
  } catch (error) {
    outbox.push(toError(id, error));
  }
}

function obey(message: ToWorker): void {
  switch (message.kind) {
    case 'call':
      call(message);
      break;
    case 'forget':
      questions.delete(message.id);
      break;
    case 'block':
      for (const node of nodes.values()) node.connectBlock(message.block);
      break;
    case 'link':
      links.outside(find(message.node), message.peer, message.port);
      break;
    case 'link_inside':
      links.inside(find(message.from), find(message.to));
      break;
  }
}

main.on('message', (message: ToWorker) => enqueue(() => obey(message)));
const tick = (everyMs: number, input: () => void) => setInterval(() => enqueue(input), everyMs);
tick(start.tickMs, () => {
  for (const node of nodes.values()) node.tick();
});
tick(PEER_TICK_MS, () => {
  for (const node of nodes.values()) node.tickPeers();
});
tick(REDIAL_MS, links.redial);
outbox.push({
  kind: 'ready',
  pubkeys: Object.fromEntries([...nodes].map(([name, node]) => [name, nodePubkey(node.pubkey)])),
});
enqueue(() => {});
