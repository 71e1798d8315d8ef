/** A payment and a quote as text for people. */
import { printable } from '../lightning/text.ts';
import type { Attempt, Candidate, Part, Payment, Quote } from '../sdk/index.ts';
import type { NameOf } from './names.ts';
import type { Output } from './output.ts';
import { type Column, facts, indent, table } from './print.ts';
import { advantageText, durationText, obstacleText, stateText, timeText } from './words.ts';

/**
 * Who could pay, best first, and why the others cannot.
 * @param answers with how long each was waited for
 */
export function candidateTable(
  plan: Quote['plan'],
  output: Output,
  { answers = false }: { readonly answers?: boolean } = {},
): string[] {
  const right = { align: 'right' as const };
  const columns = [
    { title: '' },
    { title: 'node' },
    { title: 'region' },
    { title: `fee ${output.unit}`, ...right },
    { title: `can send ${output.unit}`, ...right },
    { title: 'hops', ...right },
    { title: 'parts', ...right },
    ...(answers ? [{ title: 'answered in', ...right }] : []),
    { title: '' },
  ];
  const rows = plan.candidates.map((each) => {
    const chosen = each.node === plan.chosen;
    const answer = each.answer_ms === null ? '-' : durationText(each.answer_ms);
    const verdict = verdictOn(each, chosen ? plan.why : null, output);
    return [...candidateCells(each, chosen, output), ...(answers ? [answer] : []), verdict];
  });
  return table(columns, rows, output.paint);
}

function candidateCells(candidate: Candidate, chosen: boolean, { amount, paint }: Output): string[] {
  return [
    chosen ? paint('green', '→') : '',
    chosen ? paint('bold', candidate.node) : candidate.node,
    candidate.region,
    amount(candidate.fee_msat),
    amount(candidate.spendable_msat),
    candidate.hops === null ? '-' : String(candidate.hops),
    candidate.parts === 0 ? '-' : String(candidate.parts),
  ];
}

/** @param why it was chosen; null: it was not */
function verdictOn({ obstacle }: Candidate, why: Quote['plan']['why'], { paint }: Output): string {
  if (obstacle !== null) return paint('yellow', obstacleText(obstacle));
  if (why === null) return paint('dim', 'could pay, too');
  return `${paint('green', 'pays')}, ${advantageText(why)}`;
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

/** Whoever waits has waited since then; it is intended once the nodes have answered. */
const askedAt = ({ attempts, created_at }: Payment): string => attempts[0]?.plan?.asked_at ?? created_at;

/** The result in one line. @example '✓ settled  25,000 sat, fee 13.500 sat, 84 ms  pay_01...' */
export function paymentLine(payment: Payment, output: Output): string {
  const { money, paint } = output;
  const details = [
    money(payment.amount_msat),
    ...(payment.fee_msat === null ? [] : [`fee ${money(payment.fee_msat)}`]),
    ...(payment.ended_at === null
      ? []
      : [durationText(Date.parse(payment.ended_at) - Date.parse(askedAt(payment)))]),
  ];
  const failure = payment.failure === null ? '' : ` (${payment.failure})`;
  return `${stateText(payment.state, paint)}${failure}  ${details.join(', ')}  ${paint('dim', payment.id)}`;
}

/** @example 'attempt 2, at eu' */
export const attemptTitle = ({ attempt, node }: Pick<Attempt, 'attempt' | 'node'>): string =>
  `attempt ${attempt}${node === null ? ': nobody could pay' : `, at ${node}`}`;

/** Every part with its route, under the line of the payment: which says all that there is to say of a single part. */
export function routeLines(payment: Payment, nameOf: NameOf, output: Output): string[] {
  const [first, ...others] = payment.attempts.flatMap(({ node, parts }) =>
    parts.map((part) => ({ node, part })),
  );
  if (first !== undefined && others.length === 0) {
    return hopTable(first.part, first.node ?? '-', nameOf, output);
  }
  return payment.attempts.flatMap(({ attempt, node, parts }) => {
    const title = payment.attempts.length > 1 ? [attemptTitle({ attempt, node })] : [];
    const lines = parts.flatMap((part) => partLines(part, node ?? '-', nameOf, output));
    return [...title, ...(title.length > 0 ? indent(lines) : lines)];
  });
}

export function partLines(part: Part, node: string, nameOf: NameOf, output: Output): string[] {
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
