/** `books check`: the ledger proved against every node. */
import type { Command } from 'commander';
import type { BookSide, Books } from '../../sdk/index.ts';
import type { Output } from '../output.ts';
import { table } from '../print.ts';
import type { Run, Session } from '../session.ts';
import { countText, timeText } from '../words.ts';

export function addBooks(program: Command, run: Run): void {
  const books = program.command('books').description('The double-entry books');
  books
    .command('suspense')
    .description('What nodes paid and received that is of no payment or invoice of these books')
    .action(run(suspense));
  books
    .command('check')
    .description('Prove the ledger against every node; exits with 1 on any difference')
    .action(run(check));
}

async function check({ connect, output }: Session) {
  const books = await (await connect()).checkBooks();
  output.show(books, () => [...booksTable(books, output), '', booksLine(books, output)]);
  return books.difference_msat === '0' ? (0 as const) : (1 as const);
}

async function suspense({ connect, output }: Session) {
  const items = await (await connect()).suspense();
  const { amount, paint, unit } = output;
  const rows = items.map((item) => [
    item.node,
    amount(item.amount_msat),
    REASONS[item.reason],
    item.payment_hash,
    timeText(item.at),
  ]);
  const columns = [
    { title: 'node' },
    { title: `paid ${unit}`, align: 'right' as const },
    { title: '' },
    { title: 'payment hash' },
    { title: 'at' },
  ];
  const nothing = ['Nothing: all that the nodes paid and received is of these books.'];
  output.show({ data: items }, () => (rows.length === 0 ? nothing : table(columns, rows, paint)));
  return 0 as const;
}

const REASONS = {
  settled: 'paid by other hands',
  received: 'for no invoice of these books',
  explained: 'found to be of a payment',
} as const;

const totalOf = (side: BookSide): bigint =>
  BigInt(side.channels_msat) + BigInt(side.in_flight_msat) + BigInt(side.onchain_msat);

function booksTable(books: Books, { amount, paint, unit }: Output): string[] {
  const right = { align: 'right' as const };
  const rows = books.nodes.map((node) => [
    node.node,
    amount(totalOf(node.ledger)),
    amount(totalOf(node.reported)),
    amount(node.reported.in_flight_msat),
    amount(node.difference_msat),
    node.difference_msat === '0' ? paint('green', '✓ agrees') : paint('red', '✗ differs'),
  ]);
  const columns = [
    { title: 'node' },
    { title: `ledger ${unit}`, ...right },
    { title: `node ${unit}`, ...right },
    { title: `in flight ${unit}`, ...right },
    { title: `difference ${unit}`, ...right },
    { title: '' },
  ];
  return table(columns, rows, paint);
}

/** The verdict in one line. */
export function booksLine(books: Books, { money, paint }: Output): string {
  const nodes = countText(books.nodes.length, 'node');
  return books.difference_msat === '0'
    ? `${paint('green', '✓ the books balance')}: the ledger agrees with ${nodes} to the millisatoshi`
    : `${paint('red', '✗ the books differ')} from what the nodes hold by ${money(books.difference_msat)}; nothing was adjusted`;
}
