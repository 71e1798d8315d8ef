/** The steps of a payment, from what the API tells of it. */
import { describe, expect, it } from 'vitest';
import { paymentExample } from '../payments/examples.ts';
import type { Payment } from '../sdk/index.ts';
import { openOutput } from './output.ts';
import { timeLines } from './payment-time.ts';

const output = { ...openOutput({ json: false, unit: 'sat' }), paint: (_: string, text: string) => text };
const example = paymentExample as Payment;
const NOW = Date.parse('2026-11-21T16:00:00.000Z');

/** Without the bars. */
const steps = (payment: Payment): string[] =>
  timeLines(payment, output, NOW)
    .slice(1)
    .map((line) =>
      line
        .trim()
        .replaceAll(/ +/g, ' ')
        .replace(/[█░]+ /, ''),
    );

const [attempt] = example.attempts;
const [part] = attempt?.parts ?? [];
if (attempt === undefined || part?.timings === undefined) throw new Error('the example has changed');
const { timings } = part;

const withParts = (...parts: (typeof attempt)['parts']): Payment => ({
  ...example,
  attempts: [{ ...attempt, parts }],
});

describe('the time of a payment', () => {
  it('is told step by step', () => {
    expect(steps(example)).toEqual([
      '+0 ms 7 ms asking the nodes; asia answered last',
      '+7 ms 13 ms until it was handed to us',
      '+20 ms 23 ms us takes it',
      '+43 ms 165 ms on its way, until it was settled',
    ]);
  });

  it('goes on until now where a part has not ended', () => {
    const open = { ...part, state: 'unknown' as const, timings: { ...timings, ended_at: null } };
    expect(steps(withParts(open)).at(-1)).toBe('+43 ms 4 min 3 s unknown, until now');
  });

  it('tells what it can of a part whose send nobody has seen', () => {
    const unsent = { ...timings, sent_at: null, answered_at: null };
    expect(steps(withParts({ ...part, state: 'failed', timings: unsent })).at(-1)).toBe(
      '+7 ms 201 ms on its way, until it had failed',
    );
  });

  it('tells apart the parts, and the attempts with the wait between them', () => {
    const twice = {
      ...example,
      attempts: [
        { ...attempt, parts: [part, part] },
        { ...attempt, attempt: 2 },
      ],
    };
    const told = steps(twice);
    expect(told[1]).toBe('+7 ms 13 ms attempt 1: 25,000 sat: until it was handed to us');
    expect(told.filter((line) => line.includes('attempt 2: until the nodes were asked again'))).toHaveLength(
      1,
    );
  });

  it('is left out where nothing is known of it', () => {
    expect(steps({ ...example, attempts: [] })).toEqual([]);
  });
});
