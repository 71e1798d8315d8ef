/** `pay` and `quote`: the money goes out once, and whoever pays learns how it ended, or that this is unknown. */
import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { ArgosyProblem, type Payment } from '../../sdk/index.ts';
import { readAmount, readFeeLimit } from '../amount.ts';
import type { Client } from '../client.ts';
import { canAsk, confirm } from '../confirm.ts';
import { onInterrupt } from '../interrupt.ts';
import { openLive } from '../live.ts';
import { readNames } from '../names.ts';
import { paymentLine, quoteLines, routeLines } from '../payment-text.ts';
import { indent } from '../print.ts';
import { asProblem, CliProblem, cliProblem, type ExitCode } from '../problem.ts';
import { noteProblem } from '../report.ts';
import { quoted, type Run, type Session } from '../session.ts';
import { isOver, showParts, watchPayment } from '../watch.ts';
import { wholeNumber } from '../whole.ts';
import { describeFailure } from './pay-failure.ts';

interface PayOptions {
  readonly amount?: string;
  readonly feeLimit?: string;
  readonly account?: string;
  readonly region?: string;
  readonly timeout?: number;
  readonly dryRun?: boolean;
  readonly idempotencyKey?: string;
  readonly yes?: boolean;
}

const OUTCOME_UNKNOWN = 3;
const TIMEOUT_S = 60;
/** After the server's last attempt, the parts that are out need time to end. */
const GRACE_S = 5;

export function addPay(program: Command, run: Run): void {
  program
    .command('quote')
    .argument('<bolt11>', 'the invoice')
    .description('What a payment would cost, and which node would pay; nothing is reserved')
    .option('--amount <amount>', 'for an invoice that leaves the amount open')
    .action(run(quote));
  program
    .command('pay')
    .argument('<bolt11>', 'the invoice')
    .description('Pay an invoice, once')
    .option('--amount <amount>', 'for an invoice that leaves the amount open')
    .option('--fee-limit <amount>', 'default: the greater of 1% and 1 sat')
    .option('--account <account>', 'whose money; default: own:business')
    .option('--region <region>', 'preferred where nodes are equal')
    .option('--timeout <seconds>', `no new attempt after it; default: ${TIMEOUT_S}`, wholeNumber(1, 3600))
    .option('--dry-run', 'print the plan, pay nothing')
    .option('--idempotency-key <key>', 'the same key pays once, however often it is sent')
    .option('--yes', 'do not ask (without a terminal nothing is asked)')
    .action(run(pay));
}

/** The body of a payment. @throws CliProblem amount_* */
function requestOf({ output }: Session, invoice: string, options: PayOptions) {
  const { amount, feeLimit, account, region, timeout } = options;
  return {
    invoice,
    amount_msat: amount === undefined ? undefined : readAmount('--amount', amount, output.unit),
    fee_limit_msat: feeLimit === undefined ? undefined : readFeeLimit('--fee-limit', feeLimit, output.unit),
    account,
    region,
    timeout_seconds: timeout,
  };
}
type PayRequest = ReturnType<typeof requestOf>;

async function quote(session: Session, invoice: string, options: PayOptions): Promise<ExitCode> {
  return showQuote(session, await session.connect(), requestOf(session, invoice, options));
}

async function showQuote({ output }: Session, client: Client, request: PayRequest): Promise<ExitCode> {
  const asked = await client.quote(request);
  const nameOf = output.json ? String : await readNames(client);
  output.show(asked, () => quoteLines(asked, nameOf, output));
  return asked.payable ? 0 : 1;
}

async function pay(session: Session, invoice: string, options: PayOptions): Promise<ExitCode> {
  const request = requestOf(session, invoice, options);
  const client = await session.connect();
  if (options.dryRun === true) return showQuote(session, client, request);
  if (options.yes !== true && canAsk() && !(await agreed(session, client, request))) {
    session.output.note('Nothing was sent.');
    return 1;
  }
  const key = options.idempotencyKey ?? randomUUID();
  session.output.note(`idempotency key ${key}  (to retry this payment: --idempotency-key)`);
  const leaving = new AbortController();
  onInterrupt(OUTCOME_UNKNOWN, () => leaving.abort());
  const begun = await begin(client, request, key, leaving.signal).catch((error: unknown) => {
    throw unknownOutcome(error, key, retryCommand(invoice, options, key));
  });
  const live = openLive(process.stderr);
  const payment = await watchPayment(client, begun, {
    patienceMs: ((options.timeout ?? TIMEOUT_S) + GRACE_S) * 1000,
    signal: leaving.signal,
    onNews: showParts(live, session.output),
  });
  live.end();
  return report(session, client, payment);
}

const begin = (client: Client, request: PayRequest, key: string, signal: AbortSignal): Promise<Payment> =>
  client.pay(request, { idempotencyKey: key, signal });

/** What is answered by the key alone: such an invoice has no plan any more. */
const ANSWERED_BY_KEY = new Set(['invoice_already_paid', 'payment_in_progress']);

async function agreed({ output }: Session, client: Client, request: PayRequest): Promise<boolean> {
  try {
    const asked = await client.quote(request);
    const lines = quoteLines(asked, await readNames(client), { ...output, paint: output.paintNote });
    for (const line of lines) output.note(line);
    return await confirm(`\nPay ${output.money(asked.amount_msat)}?`);
  } catch (error) {
    if (error instanceof ArgosyProblem && ANSWERED_BY_KEY.has(error.code)) return true;
    throw error;
  }
}

/** Where nobody knows whether the payment began, the way on is the same request under the same key. */
function unknownOutcome(error: unknown, key: string, retry: string): unknown {
  const { text } = asProblem(error);
  if (text.exit !== OUTCOME_UNKNOWN || 'payment' in text.document) return error;
  return new CliProblem({
    ...text,
    detail: `${text.detail} The payment may have begun: ask again with the same key, never with a new one.`,
    document: { ...text.document, state: 'unknown', idempotency_key: key },
    next: retry,
  });
}

function retryCommand(invoice: string, options: PayOptions, key: string): string {
  const given: readonly (readonly [string, string | number | undefined])[] = [
    ['--amount', options.amount],
    ['--fee-limit', options.feeLimit],
    ['--account', options.account],
    ['--region', options.region],
    ['--timeout', options.timeout],
    ['--idempotency-key', key],
  ];
  const flags = given.flatMap(([flag, value]) => (value === undefined ? [] : [flag, quoted(String(value))]));
  return ['pay', quoted(invoice), ...flags].join(' ');
}

async function report(session: Session, client: Client, payment: Payment): Promise<ExitCode> {
  const { output } = session;
  const nameOf = output.json ? String : await readNames(client);
  output.show(payment, () => [paymentLine(payment, output), ...indent(routeLines(payment, nameOf, output))]);
  if (payment.state === 'settled') return 0;
  const problem = isOver(payment)
    ? describeFailure(payment)
    : cliProblem('outcome_unknown', `${payment.id} is under way and will end by itself; look again later.`, {
        next: `payment ${payment.id}`,
      }).text;
  noteProblem(session, problem, 'pay');
  return problem.exit;
}
