/** Where the time of a payment went: one line a step, drawn to scale. */
import type { Attempt, Part, Payment } from '../sdk/index.ts';
import type { Output } from './output.ts';
import { spanBar, table } from './print.ts';
import { durationText } from './words.ts';

interface Span {
  /** ms since 1970. */
  readonly from: number;
  /** Null: it is not over. */
  readonly to: number | null;
  readonly what: string;
}

const BAR_WIDTH = 24;

/** Empty where nothing is known of it. @param nowMs since 1970 */
export function timeLines(payment: Payment, output: Output, nowMs: number): string[] {
  const spans = spansOf(payment, output);
  const began = spans[0]?.from;
  if (began === undefined) return [];
  const end = (span: Span): number => Math.max(span.from, span.to ?? nowMs);
  const wholeMs = Math.max(...spans.map(end)) - began;
  const rows = spans.map((span) => [
    `+${durationText(span.from - began)}`,
    durationText(end(span) - span.from),
    output.paint('cyan', spanBar(span.from - began, end(span) - began, wholeMs, BAR_WIDTH)),
    span.to === null ? `${span.what}, until now` : span.what,
  ]);
  const right = { align: 'right' as const };
  return table(
    [{ title: 'after', ...right }, { title: 'took', ...right }, { title: '' }, { title: '' }],
    rows,
    output.paint,
  );
}

function spansOf({ attempts }: Payment, output: Output): Span[] {
  return attempts.flatMap((attempt, index) => {
    const before = attempts[index - 1];
    const title = attempts.length > 1 ? `attempt ${attempt.attempt}: ` : '';
    return attemptSpans(attempt, before === undefined ? null : endOf(before), output).map((span) => ({
      ...span,
      what: `${title}${span.what}`,
    }));
  });
}

const millis = (iso: string | null): number | null => (iso === null ? null : Date.parse(iso));

/** When its last part ended; null: it has none, or not yet. */
function endOf({ parts }: Attempt): number | null {
  const ends = parts.map(({ timings }) => millis(timings?.ended_at ?? null));
  return ends.length === 0 || ends.includes(null) ? null : Math.max(...ends.map((end) => end ?? 0));
}

function attemptSpans({ node, plan, parts }: Attempt, endBefore: number | null, output: Output): Span[] {
  const several = parts.length > 1;
  const ofParts = parts.flatMap((part) => {
    const planned = millis(plan?.planned_at ?? part.timings?.planned_at ?? null);
    return partSpans(part, planned, node ?? '-').map((span) => ({
      ...span,
      what: several ? `${output.money(part.amount_msat)}: ${span.what}` : span.what,
    }));
  });
  if (plan === undefined) return ofParts;
  const asked = Date.parse(plan.asked_at);
  return [
    ...(endBefore === null ? [] : [{ from: endBefore, to: asked, what: waitText(plan.rounds) }]),
    { from: asked, to: Date.parse(plan.planned_at), what: askedText(plan) },
    ...ofParts,
  ];
}

const waitText = (rounds: number): string =>
  rounds === 1
    ? 'until the nodes were asked again'
    : `until the nodes were asked, the last of ${rounds} times`;

/** Whoever answers last keeps the plan waiting. */
function askedText({ candidates }: NonNullable<Attempt['plan']>): string {
  const answered = candidates.filter(({ answer_ms }) => answer_ms !== null);
  const [last] = answered.toSorted((a, b) => (b.answer_ms ?? 0) - (a.answer_ms ?? 0));
  return last === undefined || answered.length === 1
    ? 'asking the nodes'
    : `asking the nodes; ${last.node} answered last`;
}

/** @param planned ms since 1970 */
function partSpans({ state, timings }: Part, planned: number | null, node: string): Span[] {
  if (timings === undefined || planned === null) return [];
  const sent = millis(timings.sent_at);
  const ended = millis(timings.ended_at);
  const answered = millis(timings.answered_at);
  if (sent === null)
    return [
      {
        from: planned,
        to: ended,
        what: state === 'planned' ? 'not sent yet' : wayText(state),
      },
    ];
  // The end may be told before the answer to the send.
  const taken = ended === null ? answered : Math.min(answered ?? ended, ended);
  const spans = [
    { from: planned, to: sent, what: `until it was handed to ${node}` },
    { from: sent, to: taken, what: `${node} takes it` },
  ];
  return taken === null ? spans : [...spans, { from: taken, to: ended, what: wayText(state) }];
}

function wayText(state: Part['state']): string {
  if (state === 'settled') return 'on its way, until it was settled';
  if (state === 'failed') return 'on its way, until it had failed';
  return state === 'unknown' ? 'unknown' : 'on its way';
}
