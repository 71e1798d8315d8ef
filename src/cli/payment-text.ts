/** A payment and a quote as text for people. */
import { printable } from '../lightning/text.ts';
import type { Candidate, Part, Payment, Quote } from '../sdk/index.ts';
import type { NameOf } from './names.ts';
import type { Output } from './output.ts';
import { type Column, facts, indent, type Paint, table } from './print.ts';
import { durationText, obstacleText, stateText, timeText } from './words.ts';

/** Who could pay, best first, and why the others cannot. */
export function candidateTable(plan: Quote['plan'], output: Output): string[] {
  const columns = [
    { title: '' },
    { title: 'node' },
    { title: 'region' },
    { title: `fee ${output.unit}`, align: 'right' as const },
    { title: `can send ${output.unit}`, align: 'right' as const },
    { title: 'hops', align: 'right' as const },
    { title: 'parts', align: 'right' as const },
    { title: '' },
  ];
  const rows = plan.candidates.map((each) => candidateRow(each, each.node === plan.chosen, output));
  return table(columns, rows, output.paint);
}

function candidateRow(candidate: Candidate, chosen: boolean, { amount, paint }: Output): string[] {
  const { obstacle } = candidate;
  return [
    chosen ? paint('green', '→') : '',
    chosen ? paint('bold', candidate.node) : candidate.node,
    candidate.region,
    amount(candidate.fee_msat),
    amount(candidate.spendable_msat),
    candidate.hops === null ? '-' : String(candidate.hops),
    candidate.parts === 0 ? '-' : String(candidate.parts),
    obstacle === null
      ? chosen
        ? paint('green', 'pays')
        : paint('dim', 'could pay, too')
      : paint('yellow', obstacleText(obstacle)),
  ];
}

export function quoteLines(quote: Quote, nameOf: NameOf, output: Output): string[] {
  const { money, paint } = output;
  const about = facts(
    [
      ['pays', `${money(quote.amount_msat)} to ${nameOf(quote.payee)}`],
      ...(quote.description ? [['for', printable(quote.description)] as const] : []),
      [
        'fee',
        quote.fee_msat === null ? '-' : `${money(quote.fee_msat)}, at most ${money(quote.fee_limit_msat)}`,
      ],
      ['until', timeText(quote.expires_at)],
    ],
    paint,
  );
  return [...about, '', ...planLines(quote, output)];
}

function planLines(quote: Quote, output: Output): string[] {
  if (quote.internal_invoice !== null) {
    return [`An invoice of this fleet (${quote.internal_invoice}): settled in the books, without a fee.`];
  }
  const lines = candidateTable(quote.plan, output);
  return quote.payable
    ? lines
    : [...lines, '', output.paint('red', '✗ no node can pay this within the fee limit now')];
}

/** The result in one line. @example '✓ settled  25,000 sat, fee 13.500 sat, 84 ms  pay_01...' */
export function paymentLine(payment: Payment, output: Output): string {
  const { money, paint } = output;
  const details = [
    money(payment.amount_msat),
    ...(payment.fee_msat === null ? [] : [`fee ${money(payment.fee_msat)}`]),
    ...(payment.ended_at === null
      ? []
      : [durationText(Date.parse(payment.ended_at) - Date.parse(payment.created_at))]),
  ];
  const failure = payment.failure === null ? '' : ` (${payment.failure})`;
  return `${stateText(payment.state, paint)}${failure}  ${details.join(', ')}  ${paint('dim', payment.id)}`;
}

/** Every part with its route, under the line of the payment: which says all that there is to say of a single part. */
export function routeLines(payment: Payment, nameOf: NameOf, output: Output): string[] {
  const [first, ...others] = payment.attempts.flatMap(({ node, parts }) =>
    parts.map((part) => ({ node, part })),
  );
  if (first !== undefined && others.length === 0) {
    return hopTable(first.part, first.node ?? '-', nameOf, output);
  }
  return payment.attempts.flatMap(({ attempt, node, parts }) => {
    const title = payment.attempts.length > 1 ? [`attempt ${attempt}, at ${node ?? '-'}`] : [];
    const lines = parts.flatMap((part) => partLines(part, node ?? '-', nameOf, output));
    return [...title, ...(title.length > 0 ? indent(lines) : lines)];
  });
}

function partLines(part: Part, node: string, nameOf: NameOf, output: Output): string[] {
  const failure = part.failure === null ? '' : ` (${part.failure})`;
  const title = `${stateText(part.state, output.paint)}${failure}  ${output.money(part.amount_msat)} from ${node}`;
  return [title, ...indent(hopTable(part, node, nameOf, output))];
}

function hopTable(part: Part, node: string, nameOf: NameOf, output: Output): string[] {
  const { amount, unit } = output;
  const between = part.route.length > 1;
  const hops = part.route.map((hop, index) => {
    const from = index === 0 ? node : nameOf(part.route[index - 1]?.pubkey ?? '');
    const onward = part.route[index + 1]?.amount_msat;
    const kept = onward === undefined ? '' : amount(BigInt(hop.amount_msat) - BigInt(onward));
    const sums = between ? [amount(hop.amount_msat), kept] : [amount(hop.amount_msat)];
    return [from, '→', nameOf(hop.pubkey), ...sums, hop.scid];
  });
  const columns: Column[] = [
    { title: 'from' },
    { title: '' },
    { title: 'to' },
    { title: `arrives ${unit}`, align: 'right' },
    ...(between ? [{ title: `keeps ${unit}`, align: 'right' } as const] : []),
    { title: 'channel' },
  ];
  return table(columns, hops, output.paint);
}

/** Everything about one payment. */
export function paymentLines(payment: Payment, nameOf: NameOf, output: Output): string[] {
  const { paint } = output;
  return [
    paymentLine(payment, output),
    '',
    ...facts(
      [
        ['account', payment.account],
        ['fee limit', output.money(payment.fee_limit_msat)],
        ['hash', payment.payment_hash],
        ['preimage', payment.preimage ?? '-'],
        ['began', timeText(payment.created_at)],
        ['ended', timeText(payment.ended_at)],
        ...(payment.internal_invoice === null ? [] : [['own invoice', payment.internal_invoice] as const]),
      ],
      paint,
    ),
    ...section('Parts', routeLines(payment, nameOf, output), paint),
    ...section('Ledger', transferLines(payment, output), paint),
  ];
}

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
