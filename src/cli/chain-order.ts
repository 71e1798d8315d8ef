/** What was ordered on the chain, as people read it, and how a command waits for it. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { printable } from '../lightning/text.ts';
import type { ChainOrder } from '../sdk/index.ts';
import type { Client } from './client.ts';
import { canAsk, confirm } from './confirm.ts';
import type { Output } from './output.ts';
import { asProblem, CliProblem, cliProblem, type ExitCode } from './problem.ts';
import { noteProblem } from './report.ts';
import type { Session } from './session.ts';
import { stateText } from './words.ts';

export interface OrderOptions {
  readonly idempotencyKey?: string;
  readonly yes?: boolean;
}

const PATIENCE_MS = 45_000;
const LOOK_MS = 150;
const OUTCOME_UNKNOWN = 3;

/** Asks the person, has it ordered under one key, and waits until it is out, or proven not to be. */
export async function orderAndReport(
  session: Session,
  command: string,
  question: string,
  options: OrderOptions,
  order: (client: Client, idempotencyKey: string) => Promise<ChainOrder>,
): Promise<ExitCode> {
  const { output } = session;
  const client = await session.connect();
  if (options.yes !== true && canAsk() && !(await confirm(question))) {
    output.note('Nothing was done.');
    return 1;
  }
  const key = options.idempotencyKey ?? randomUUID();
  output.note(`idempotency key ${key}  (to ask for the same again: --idempotency-key)`);
  const begun = await order(client, key).catch((error: unknown) => {
    throw unknownOutcome(error, key);
  });
  const seen = await watch(client, begun);
  output.show(seen, () => [orderLine(seen, output)]);
  const problem = problemOf(seen);
  if (problem === null) return 0;
  noteProblem(session, problem.text, command);
  return problem.text.exit;
}

const isToDo = ({ state }: ChainOrder): boolean => state === 'pending' || state === 'unknown';

async function watch(client: Client, begun: ChainOrder): Promise<ChainOrder> {
  let last = begun;
  for (const until = performance.now() + PATIENCE_MS; isToDo(last) && performance.now() < until; ) {
    await sleep(LOOK_MS);
    last = await client.chainOrder(begun.id).catch(() => last);
  }
  return last;
}

function problemOf(order: ChainOrder): CliProblem | null {
  const next = `chain-orders ${order.id}`;
  if (order.state === 'failed') {
    const why = printable(order.detail ?? '', 300);
    return cliProblem('chain_order_failed', `${order.failure}: ${why}. Nothing has moved.`, { next });
  }
  if (!isToDo(order)) return null;
  const detail = `${order.id} is ${order.state}, and is tried again until it is done or proven not to be; do not order it anew.`;
  return cliProblem('outcome_unknown', detail, { next });
}

/** Where nobody knows whether it was ordered, the way on is the same request under the same key. */
function unknownOutcome(error: unknown, key: string): unknown {
  const { text } = asProblem(error);
  if (text.exit !== OUTCOME_UNKNOWN) return error;
  const detail = `${text.detail} It may have been ordered: ask again with --idempotency-key ${key}, never with a new one.`;
  return new CliProblem({ ...text, detail, document: { ...text.document, idempotency_key: key } });
}

const DEEDS = { open: 'opens', close: 'closes', send: 'sends' } as const;

export function orderLine(order: ChainOrder, { paint, money }: Pick<Output, 'paint' | 'money'>): string {
  const amount = order.amount_msat === null ? '' : ` ${money(order.amount_msat)}`;
  const fee = order.fee_msat === null ? '' : `, fee ${money(order.fee_msat)}`;
  const about = order.address ?? order.channel ?? order.peer ?? '';
  const txid = order.txid === null ? '' : `  txid ${order.txid}`;
  return `${stateText(order.state, paint)}  ${order.node} ${DEEDS[order.kind]}${amount}${fee}  ${printable(about, 120)}${txid}  ${order.id}`;
}
