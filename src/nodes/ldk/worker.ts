/**
 * The thread that LDK lives in. It works in steps:
 * 1. inputs (bytes, blocks, calls) change memory only;
 * 2. all nodes run until nothing moves between them;
 * 3. everything that has changed is committed at once: managers, monitors, records, events;
 * 4. and only then anything leaves: bytes to peers elsewhere, answers, transactions. A peer that has heard of what
 *    we have forgotten would close the channel.
 * An error anywhere ends the thread: a node whose state is half changed must not go on.
 */
import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { nodePubkey } from '../../lightning/ids.ts';
import { loadLdk } from './bindings.ts';
import { createLogger } from './core.ts';
import { answers, receptionOf } from './faults.ts';
import { openGraph } from './gossip.ts';
import { createLinks } from './links.ts';
import { createLdkNode, type LdkNode } from './node.ts';
import { createPruning } from './pruning.ts';
import { createSent } from './sent.ts';
import { openStore, storedHeight } from './store.ts';
import type { Answering } from './verbs.ts';
import type { CallMessage, Fault, FedBlock, FromWorker, ToWorker, Verb, WorkerStart } from './wire.ts';

/** More rounds than any exchange of messages takes; whoever needs more goes on in the next step. */
const MAX_ROUNDS = 1_000;
const REDIAL_MS = 250;
const PEER_TICK_MS = 10_000;

if (parentPort === null) throw new Error('worker.ts runs as a worker thread: use startLdkHost()');
const main = parentPort;
const start = workerData as WorkerStart;
const store = openStore(start.file);
main.postMessage({ kind: 'stored', height: storedHeight(store) } satisfies FromWorker);
const ordered = once(main, 'message') as Promise<[ToWorker]>;
await loadLdk();
const [order] = await ordered;
if (order.kind !== 'begin') throw new Error(`the worker waits for its blocks, not for ${order.kind}`);
const { missed: missedBlocks } = order;

const inbox: (() => void)[] = [];
const outbox: FromWorker[] = [];
interface Question extends Pick<CallMessage, 'node' | 'verb'> {
  readonly answering: Answering<Verb>;
}
const questions = new Map<number, Question>();
/** Calls that a slow node has not begun yet. */
const delayed = new Map<number, NodeJS.Timeout>();
const faults = new Map<string, Fault>();
/** What dead nodes have missed; nobody else has an entry. */
const missed = new Map<LdkNode, FedBlock[]>();
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
const broadcast = (transaction: Uint8Array) => void outbox.push({ kind: 'broadcast', transaction });
const sent = createSent(store, start.startingPoint.height, broadcast);
const sharedGraph = openGraph(store, logger);
const pruning = createPruning(store, sharedGraph.graph);
const surroundings = {
  graph: sharedGraph.graph,
  saveGraph: sharedGraph.saveSoon,
  logger,
  startingPoint: start.startingPoint,
  store,
  missed: missedBlocks,
  broadcast: sent.send,
};
const nodes = new Map<string, LdkNode>(
  start.nodes.map((options) => [options.name, createLdkNode(options, surroundings, links)]),
);

function find(name: string): LdkNode {
  const node = nodes.get(name);
  if (node === undefined) throw new Error(`no node ${name} here: there are ${[...nodes.keys()].join(', ')}`);
  return node;
}

const living = (): LdkNode[] => [...nodes.values()].filter((node) => !missed.has(node));

function step(): void {
  armed = false;
  for (const input of inbox.splice(0)) input();
  if (!runUntilQuiet()) enqueue(() => {});
  for (const node of living()) node.conclude();
  answerQuestions();
  commit();
  release();
}

function runUntilQuiet(): boolean {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    let busy = false;
    for (const node of living()) busy = node.pump() || busy;
    busy = links.exchange() || busy;
    if (!busy) return true;
  }
  return false;
}

function answerQuestions(): void {
  for (const [id, { node, verb, answering }] of questions) {
    if (!answers(faults.get(node), verb)) continue;
    const answer = attempt(id, answering);
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

function commit(): void {
  for (const node of nodes.values()) node.save();
  sharedGraph.save();
  store.commit();
}

function release(): void {
  links.release();
  for (const message of outbox.splice(0)) main.postMessage(message);
}

/** A call meets the fault that its node has when it arrives. */
function receive(message: CallMessage): void {
  const reception = receptionOf(faults.get(message.node), message.node, message.verb);
  if (reception.kind !== 'wait') {
    begin(message);
    return;
  }
  const { id } = message;
  const late = (): void => {
    delayed.delete(id);
    begin(message);
  };
  delayed.set(
    id,
    setTimeout(() => enqueue(late), reception.delayMs),
  );
}

/** While it waited, its node may have died. */
function begin(message: CallMessage): void {
  const { id, node, verb } = message;
  const reception = receptionOf(faults.get(node), node, verb);
  if (reception.kind === 'refuse') outbox.push({ kind: 'error', id, message: reception.reason });
  else call(message);
}

function call({ id, node, verb, takes }: CallMessage): void {
  try {
    const run = find(node).verbs[verb] as (takes: unknown) => Answering<Verb>;
    questions.set(id, { node, verb, answering: run(takes) });
  } catch (error) {
    outbox.push(toError(id, error));
  }
}

function setFault(name: string, fault: Fault | null): void {
  const node = find(name);
  if (fault === null) faults.delete(name);
  else faults.set(name, fault);
  if (fault === null || fault.kind === 'slow') links.mend(node.pubkey);
  else links.cutOff(node.pubkey);
  if (fault?.kind === 'dies') die(name, node);
  else revive(node);
}

/** Whatever it was asked and has not said yet, it will not say: the caller cannot know what became of it. */
function die(name: string, node: LdkNode): void {
  if (!missed.has(node)) missed.set(node, []);
  for (const [id, question] of questions) {
    const reception = receptionOf(faults.get(name), name, question.verb);
    if (question.node !== name || reception.kind !== 'refuse') continue;
    questions.delete(id);
    outbox.push({ kind: 'error', id, message: reception.reason });
  }
}

function revive(node: LdkNode): void {
  const blocks = missed.get(node) ?? [];
  missed.delete(node);
  for (const block of blocks) node.connectBlock(block);
}

/** What a block says to the worker as a whole. */
function readBlock(block: FedBlock): void {
  sent.connectBlock(block);
  pruning.connectBlock(block);
}

function connectBlock(block: FedBlock): void {
  readBlock(block);
  for (const node of nodes.values()) {
    const waiting = missed.get(node);
    if (waiting === undefined) node.connectBlock(block);
    else waiting.push(block);
  }
}

function forget(id: number): void {
  clearTimeout(delayed.get(id));
  delayed.delete(id);
  questions.delete(id);
}

function obey(message: ToWorker): void {
  switch (message.kind) {
    case 'call':
      receive(message);
      break;
    case 'forget':
      forget(message.id);
      break;
    case 'block':
      connectBlock(message.block);
      break;
    case 'fault':
      setFault(message.node, message.fault);
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
  // One that came to the chain before its parent was refused.
  sent.again();
  for (const node of living()) node.tick();
});
tick(PEER_TICK_MS, () => {
  for (const node of living()) node.tickPeers();
});
tick(REDIAL_MS, links.redial);
for (const block of missedBlocks) readBlock(block);
sent.again();
outbox.push({
  kind: 'ready',
  pubkeys: Object.fromEntries([...nodes].map(([name, node]) => [name, nodePubkey(node.pubkey)])),
});
enqueue(() => {});
