/** Everything about one payment: what it is, why this node paid, over which routes, where the time went, what was booked. */
import { decodeBolt11 } from '../lightning/bolt11.ts';
import { printable } from '../lightning/text.ts';
import type { Attempt, Payment } from '../sdk/index.ts';
import type { NameOf } from './names.ts';
import type { Output } from './output.ts';
import { attemptTitle, candidateTable, partLines, paymentLine } from './payment-text.ts';
import { timeLines } from './payment-time.ts';
import { facts, indent, type Paint, table } from './print.ts';
import { exactTimeText } from './words.ts';

/** @param nowMs since 1970: a payment under way has taken so long until now */
export function paymentPage(payment: Payment, nameOf: NameOf, output: Output, nowMs: number): string[] {
  const { paint } = output;
  return [
    paymentLine(payment, output),
    '',
    ...facts(aboutPayment(payment, nameOf, output), paint),
    ...payment.attempts.flatMap((each) =>
      section(capitalized(attemptTitle(each)), attemptLines(each, nameOf, output), paint),
    ),
    ...section('Time', timeLines(payment, output, nowMs), paint),
    ...section('Ledger', transferLines(payment, output), paint),
  ];
}

function aboutPayment(payment: Payment, nameOf: NameOf, output: Output): (readonly [string, string])[] {
  const { account, region, internal_invoice: own } = payment;
  const decoded = decodeBolt11(payment.invoice);
  const invoice = decoded.kind === 'invoice' ? decoded.invoice : null;
  return [
    ...(invoice === null ? [] : [['to', nameOf(invoice.payee)] as const]),
    ...(invoice?.description ? [['for', printable(invoice.description)] as const] : []),
    ['account', account],
    ['fee limit', output.money(payment.fee_limit_msat)],
    ...(region === null ? [] : [['region', `${region}, where nodes are equal`] as const]),
    ...(own === null ? [] : [['own invoice', `${own}: settled in the books, without a node`] as const]),
    ['hash', payment.payment_hash],
    ['preimage', payment.preimage ?? '-'],
    ['began', exactTimeText(payment.created_at)],
    ['ended', exactTimeText(payment.ended_at)],
  ];
}

function attemptLines({ node, plan, parts }: Attempt, nameOf: NameOf, output: Output): string[] {
  const asked = plan === undefined ? [] : candidateTable(plan, output, { answers: true });
  const sent = parts.flatMap((part) => ['', ...partLines(part, node ?? '-', nameOf, output)]);
  return asked.length === 0 ? sent.slice(1) : [...asked, ...sent];
}

const capitalized = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

const section = (title: string, lines: readonly string[], paint: Paint): string[] =>
  lines.length === 0 ? [] : ['', paint('bold', title), ...indent(lines)];

function transferLines(payment: Payment, output: Output): string[] {
  const rows = (payment.transfers ?? []).map((each) => [
    each.debit,
    each.credit,
    output.amount(each.amount_msat),
    each.reason,
  ]);
  if (rows.length === 0) return [];
  const columns = [
    { title: 'debit' },
    { title: 'credit' },
    { title: output.unit, align: 'right' as const },
    { title: 'reason' },
  ];
  return table(columns, rows, output.paint);
}
