/** `payments` and `payment`: what was paid, and how. */
import type { Command } from 'commander';
import type { Page, Payment } from '../../sdk/index.ts';
import { readNames } from '../names.ts';
import type { Output } from '../output.ts';
import { table } from '../print.ts';
import type { Run, Session } from '../session.ts';
import { wholeNumber } from '../whole.ts';
import { stateText, timeText } from '../words.ts';

export interface PageOptions {
  readonly limit?: number;
  readonly cursor?: string;
}

export function addPayments(program: Command, run: Run): void {
  addPaging(program.command('payments').description('Payments, newest first')).action(run(list));
  program
    .command('payment')
    .argument('<id>', 'pay_...')
    .description('One payment: who could pay and why this node did, routes, where the time went, the ledger')
    .action(run(one));
}

export const addPaging = (command: Command): Command =>
  command
    .option('--limit <count>', 'how many at most, 1 to 200', wholeNumber(1, 200))
    .option('--cursor <cursor>', 'where the page before has ended');

/** Says how to go on, where there is more. */
export function noteMore({ output, hint }: Session, page: Page<unknown>, command: string): void {
  if (page.next_cursor !== null && !output.json) {
    output.note(`more: ${hint(`${command} --cursor ${page.next_cursor}`)}`);
  }
}

async function list(session: Session, options: PageOptions) {
  const { connect, output } = session;
  const page = await (await connect()).payments(options).page();
  output.show(page, () => (page.data.length === 0 ? ['No payments yet.'] : paymentTable(page.data, output)));
  noteMore(session, page, 'payments');
  return 0 as const;
}

function paymentTable(data: readonly Payment[], { amount, paint, unit }: Output): string[] {
  const right = { align: 'right' as const };
  const rows = data.map((payment) => [
    timeText(payment.created_at),
    stateText(payment.state, paint),
    amount(payment.amount_msat),
    amount(payment.fee_msat),
    payment.attempts.at(-1)?.node ?? '-',
    payment.account,
    payment.id,
  ]);
  const columns = [
    { title: 'began' },
    { title: 'state' },
    { title: unit, ...right },
    { title: `fee ${unit}`, ...right },
    { title: 'node' },
    { title: 'account' },
    { title: 'id' },
  ];
  return table(columns, rows, paint);
}

async function one({ connect, output }: Session, id: string) {
  const client = await connect();
  const payment = await client.payment(id);
  const nameOf = output.json ? String : await readNames(client);
  // Reading an invoice takes cryptography, which no other command here needs.
  const { paymentPage } = await import('../payment-page.ts');
  output.show(payment, () => paymentPage(payment, nameOf, output, Date.now()));
  return 0 as const;
}
