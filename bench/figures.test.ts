import { describe, expect, it } from 'vitest';
import { judge, type Sample, slopeOf } from './figures.ts';

const sample = (window: number, some: Partial<Sample> = {}): Sample => ({
  payments: window * 500,
  payments_per_s: 40,
  cpu_ms_per_payment: 20,
  sequential_out_ms: 60,
  sequential_in_ms: 60,
  memory_mb: 400,
  node_mb: 300,
  postgres_mb: 100,
  rss_mb: 600,
  folder_mb: 50,
  ...some,
});
const windows = (count: number, some: (window: number) => Partial<Sample>): Sample[] =>
  Array.from({ length: count }, (_, index) => sample(index + 1, some(index + 1)));

describe('the slope', () => {
  it('is that of the nearest line', () => {
    expect(slopeOf([])).toBe(0);
    expect(slopeOf([[5, 7]])).toBe(0);
    expect(slopeOf([0, 1, 2, 3].map((x) => [x, 3 * x + 1]))).toBeCloseTo(3);
    expect(slopeOf([0, 1, 2, 3].map((x) => [x, x % 2]))).toBeCloseTo(0.2);
  });
});

describe('a soak', () => {
  it('that stays as it began is within the promise', () => {
    expect(
      judge(
        windows(8, () => ({})),
        420,
      ),
    ).toEqual({
      speed_ratio: 1,
      latency_ratio: 1,
      cpu_ratio: 1,
      memory_kb_per_payment: 0,
      node_kb_per_payment: 0,
      postgres_kb_per_payment: 0,
      folder_kb_per_payment: 0,
      within_memory: true,
      within_speed: true,
    });
  });

  it('does not count the first window, in which everything is still loaded', () => {
    const slowStart = windows(8, (window) => (window === 1 ? { payments_per_s: 5, memory_mb: 100 } : {}));
    expect(judge(slowStart, 420)).toMatchObject({ speed_ratio: 1, memory_kb_per_payment: 0 });
  });

  it('that becomes slower by more than a fifth, or larger than it may, says so', () => {
    const slower = windows(8, (window) => ({ payments_per_s: window > 6 ? 31 : 40 }));
    expect(judge(slower, 600)).toMatchObject({
      speed_ratio: 0.78,
      within_speed: false,
      within_memory: false,
    });
  });

  it('tells how much each payment leaves behind, and where', () => {
    const larger = windows(8, (window) => ({ memory_mb: 400 + 10 * window, node_mb: 300 + 10 * window }));
    expect(judge(larger, 480)).toMatchObject({
      memory_kb_per_payment: 20.48,
      node_kb_per_payment: 20.48,
      postgres_kb_per_payment: 0,
    });
  });

  it('of a single window is judged by that', () => {
    expect(
      judge(
        windows(1, () => ({})),
        420,
      ),
    ).toMatchObject({ speed_ratio: 1, within_speed: true });
  });
});
