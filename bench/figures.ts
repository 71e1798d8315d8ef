/** What the windows of a soak add up to. Pure. */

/** Once a window of payments is over and nothing is under way. */
export interface Sample {
  /** So far, of the whole run. */
  readonly payments: number;
  readonly payments_per_s: number;
  /** Of all processes. */
  readonly cpu_ms_per_payment: number;
  /** Median of payments one after another. */
  readonly sequential_out_ms: number;
  readonly sequential_in_ms: number;
  readonly memory_mb: number;
  readonly node_mb: number;
  readonly postgres_mb: number;
  readonly rss_mb: number;
  readonly folder_mb: number;
}

const MEMORY_MB_MAX = 600;
const SPEED_LEAST = 0.8;

/** From here on everything is loaded and compiled. */
const WARM = 1;

export interface Verdict {
  /** Last quarter against the second window: below 1, it has become slower. */
  readonly speed_ratio: number;
  readonly latency_ratio: number;
  /** Above 1, a payment takes more work than it did: neighbours on the machine do not change that much. */
  readonly cpu_ratio: number;
  readonly memory_kb_per_payment: number;
  readonly node_kb_per_payment: number;
  readonly postgres_kb_per_payment: number;
  readonly folder_kb_per_payment: number;
  readonly within_memory: boolean;
  readonly within_speed: boolean;
}

/** @param memoryMbMax the most that was seen, also in the midst of a window */
export function judge(samples: readonly Sample[], memoryMbMax: number): Verdict {
  const warm = samples.slice(Math.min(WARM, samples.length - 1));
  const last = samples.slice(-Math.max(1, Math.floor(samples.length / 4)));
  const mean = (of: readonly Sample[], pick: (sample: Sample) => number): number =>
    of.reduce((total, sample) => total + pick(sample), 0) / of.length;
  const ratio = (pick: (sample: Sample) => number): number =>
    round(mean(last, pick) / mean(warm.slice(0, 1), pick));
  const kb = (pick: (sample: Sample) => number): number =>
    round(1024 * slopeOf(warm.map((sample) => [sample.payments, pick(sample)])));
  const speed = ratio((sample) => sample.payments_per_s);
  return {
    speed_ratio: speed,
    latency_ratio: ratio((sample) => sample.sequential_out_ms + sample.sequential_in_ms),
    cpu_ratio: ratio((sample) => sample.cpu_ms_per_payment),
    memory_kb_per_payment: kb((sample) => sample.memory_mb),
    node_kb_per_payment: kb((sample) => sample.node_mb),
    postgres_kb_per_payment: kb((sample) => sample.postgres_mb),
    folder_kb_per_payment: kb((sample) => sample.folder_mb),
    within_memory: memoryMbMax < MEMORY_MB_MAX,
    within_speed: speed >= SPEED_LEAST,
  };
}

/** Of the straight line that is nearest to the points, by least squares; 0 for a single one. */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (at: 0 | 1): number => points.reduce((total, point) => total + point[at], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const above = points.reduce((total, point) => total + (point[0] - x) * (point[1] - y), 0);
  const below = points.reduce((total, point) => total + (point[0] - x) ** 2, 0);
  return below === 0 ? 0 : above / below;
}

/** Of 100 values that many are smaller. */
export const percentile = (values: readonly number[], percent: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length * percent) / 100)] ?? 0;

export const median = (values: readonly number[]): number => percentile(values, 50);

export const round = (value: number): number => Math.round(value * 100) / 100;
