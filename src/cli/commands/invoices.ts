/** `invoice` and `invoices`: asking for money. */
import type { Command } from 'commander';
import { printable } from '../../lightning/text.ts';
import type { Invoice } from '../../sdk/index.ts';
import { readAmount } from '../amount.ts';
import type { Output } from '../output.ts';
import { table } from '../print.ts';
import type { Run, Session } from '../session.ts';
import { wholeNumber } from '../whole.ts';
import { stateText, timeText } from '../words.ts';
import { addPaging, noteMore, type PageOptions } from './payments.ts';

interface InvoiceOptions {
  readonly description?: string;
  readonly expiry?: number;
  readonly region?: string;
  readonly account?: string;
}

export function addInvoices(program: Command, run: Run): void {
  program
    .command('invoice')
    .argument('[amount]', 'none: the payer chooses')
    .description('Issue an invoice at the node that can receive best')
    .option('--description <text>', 'what it is for')
    .option('--expiry <seconds>', 'how long it may be paid; default: 3600', wholeNumber(1, 999_999_999))
    .option('--region <region>', 'preferred where nodes are equal')
    .option('--account <account>', 'whom it credits; default: own:business')
    .action(run(issue));
  addPaging(program.command('invoices').description('Invoices, newest first')).action(run(list));
}

async function issue({ connect, output }: Session, amount: string | undefined, options: InvoiceOptions) {
  const { description, expiry, region, account } = options;
  const body = {
    ...(amount === undefined ? {} : { amount_msat: readAmount('AMOUNT', amount, output.unit) }),
    ...(expiry === undefined ? {} : { expiry_seconds: expiry }),
    description,
    region,
    account,
  };
  const invoice = await (await connect()).invoice(body);
  output.show(invoice, () => [invoice.invoice]);
  if (!output.json) {
    const sum = invoice.amount_msat === null ? 'any amount' : output.money(invoice.amount_msat);
    output.note(`${invoice.id}: ${sum} at ${invoice.node}, until ${timeText(invoice.expires_at)}`);
  }
  return 0 as const;
}

async function list(session: Session, options: PageOptions) {
  const { connect, output } = session;
  const page = await (await connect()).invoices(options).page();
  output.show(page, () => (page.data.length === 0 ? ['No invoices yet.'] : invoiceTable(page.data, output)));
  noteMore(session, page, 'invoices');
  return 0 as const;
}

function invoiceTable(data: readonly Invoice[], { amount, paint, unit }: Output): string[] {
  const right = { align: 'right' as const };
  const rows = data.map((invoice) => [
    timeText(invoice.created_at),
    stateText(invoice.state, paint),
    amount(invoice.amount_msat),
    amount(invoice.received_msat),
    invoice.node,
    invoice.account,
    invoice.id,
    printable(invoice.description, 30),
  ]);
  const columns = [
    { title: 'issued' },
    { title: 'state' },
    { title: unit, ...right },
    { title: `received ${unit}`, ...right },
    { title: 'node' },
    { title: 'account' },
    { title: 'id' },
    { title: 'for' },
  ];
  return table(columns, rows, paint);
}
