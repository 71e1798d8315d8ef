/**
 * The practice world through the whole product (real LDK nodes, PostgreSQL with fsync, HTTP), payments both ways for as
 * long as is asked for: does it stay as fast and as small as it began? Linux only: it reads /proc.
 */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Errand } from '../src/cli/traffic/plan.ts';
import { type Argosy, ArgosyProblem, createArgosy } from '../src/sdk/index.ts';
import { balancedErrands } from '../test/support/balanced.ts';
import { readProcessTree } from '../test/support/processes.ts';
import { launchProduct } from '../test/support/product.ts';
import { type Ends, listenForEnds } from './ends.ts';
import { judge, median, round, type Sample } from './figures.ts';

const WINDOW = 500;
/** So many out and so many in, one after another, after each window. */
const SEQUENTIAL_PAIRS = 20;
const LOOK_MS = 2_000;
const WARM = 100;

export async function benchSoak(options: Map<string, string>): Promise<Record<string, unknown>> {
  const payments = Number(options.get('payments') ?? 10_000);
  const atOnce = Number(options.get('at-once') ?? 32);
  const base = await mkdtemp(join(tmpdir(), 'argosy-soak-'));
  const data = join(base, 'data');
  const product = launchProduct({ data, log: join(base, 'log') });
  try {
    const { api, key, afterMs } = await product.ready;
    const argosy = createArgosy({ api, key });
    const ends = listenForEnds(argosy);
    const soak: Soak = { argosy, ends, atOnce, errandOf: await errands(argosy), next: 0, failures: {} };
    const machine: Machine = { pid: product.pid, data, memoryMbMax: 0 };
    const result = await Promise.race([measure(soak, machine, payments), ends.broken]);
    ends.stop();
    return { ready_after_ms: round(afterMs), at_once: atOnce, ...result };
  } finally {
    await product.stop();
    await rm(base, { recursive: true, force: true });
  }
}

async function errands(argosy: Argosy): Promise<Soak['errandOf']> {
  const { data } = await argosy.practice.people();
  return balancedErrands('soak', data.map(({ name }) => name).sort());
}

interface Soak {
  readonly argosy: Argosy;
  readonly ends: Ends;
  readonly atOnce: number;
  readonly errandOf: (number: number) => Errand;
  /** The number of the next errand. */
  next: number;
  /** How many failed for each reason. */
  readonly failures: Record<string, number>;
}

interface Machine {
  readonly pid: number;
  readonly data: string;
  memoryMbMax: number;
}

async function measure(soak: Soak, machine: Machine, payments: number): Promise<Record<string, unknown>> {
  await runTogether(soak, WARM);
  const start = await readMachine(machine);
  const looking = setInterval(() => readMemory(machine), LOOK_MS);
  const samples: Sample[] = [];
  try {
    for (let done = 0; done < payments; done += WINDOW) {
      const sample = await measureWindow(soak, machine, Math.min(WINDOW, payments - done));
      samples.push(sample);
      console.error(JSON.stringify(sample));
    }
  } finally {
    clearInterval(looking);
  }
  const books = await soak.argosy.checkBooks();
  return {
    payments: soak.next,
    failures: soak.failures,
    books_difference_msat: books.difference_msat,
    memory_start_mb: start.memory_mb,
    memory_max_mb: machine.memoryMbMax,
    ...judge(samples, machine.memoryMbMax),
    windows: samples,
  };
}

async function measureWindow(soak: Soak, machine: Machine, count: number): Promise<Sample> {
  const before = await readMachine(machine);
  const began = performance.now();
  await runTogether(soak, count);
  const tookMs = performance.now() - began;
  const after = await readMachine(machine);
  const sequential = await runOneByOne(soak);
  const { cpu_ms, ...room } = await readMachine(machine);
  return {
    payments: soak.next,
    payments_per_s: round((count * 1_000) / tookMs),
    cpu_ms_per_payment: round((after.cpu_ms - before.cpu_ms) / count),
    ...sequential,
    ...room,
  };
}

/** So many errands, and it is over when all of them are. */
async function runTogether(soak: Soak, count: number): Promise<void> {
  const last = soak.next + count;
  const work = async (): Promise<void> => {
    while (soak.next < last) await run(soak, soak.errandOf(soak.next++));
  };
  await Promise.all(Array.from({ length: soak.atOnce }, work));
}

async function runOneByOne(soak: Soak): Promise<{ sequential_out_ms: number; sequential_in_ms: number }> {
  const took = { out: [] as number[], in: [] as number[] };
  for (let payment = 0; payment < 2 * SEQUENTIAL_PAIRS; payment++) {
    const errand = soak.errandOf(soak.next++);
    took[errand.direction].push(await run(soak, errand));
  }
  return { sequential_out_ms: round(median(took.out)), sequential_in_ms: round(median(took.in)) };
}

/** @returns ms from asking the payer to the end */
async function run(soak: Soak, { direction, person, amountMsat: amount_msat }: Errand): Promise<number> {
  const { argosy, ends } = soak;
  const fail = (reason: string): void => {
    soak.failures[reason] = (soak.failures[reason] ?? 0) + 1;
  };
  const { invoice } =
    direction === 'out'
      ? await argosy.practice.invoiceAs(person, { amount_msat })
      : await argosy.invoice({ amount_msat });
  const began = performance.now();
  if (direction === 'out') {
    const { id } = await argosy.pay({ invoice });
    if ((await ends.of(id)) === 'failed') fail((await argosy.payment(id)).failure ?? 'failed');
  } else {
    await argosy.practice.payAs(person, { invoice }).catch((error: unknown) => {
      if (!(error instanceof ArgosyProblem)) throw error;
      fail(String(error.document.reason ?? error.code));
    });
  }
  return performance.now() - began;
}

interface MachineUse {
  readonly cpu_ms: number;
  readonly memory_mb: number;
  readonly node_mb: number;
  readonly postgres_mb: number;
  readonly rss_mb: number;
  readonly folder_mb: number;
}

const readMachine = async (machine: Machine): Promise<MachineUse> => ({
  ...readMemory(machine),
  folder_mb: round((await bytesIn(machine.data)) / 2 ** 20),
});

/** The first process of the tree is Node's, all others are PostgreSQL's. */
function readMemory(machine: Machine): Omit<MachineUse, 'folder_mb'> {
  const uses = readProcessTree(machine.pid);
  const sum = (of: typeof uses, pick: (use: (typeof uses)[number]) => number): number =>
    of.reduce((total, use) => total + pick(use), 0);
  const mb = (of: typeof uses): number => round(sum(of, (use) => use.pssKb) / 1024);
  const memory_mb = mb(uses);
  machine.memoryMbMax = Math.max(machine.memoryMbMax, memory_mb);
  return {
    cpu_ms: sum(uses, (use) => use.cpuMs),
    memory_mb,
    node_mb: mb(uses.slice(0, 1)),
    postgres_mb: mb(uses.slice(1)),
    rss_mb: round(sum(uses, (use) => use.rssKb) / 1024),
  };
}

/** As the file system counts them; files that go meanwhile are left out. */
async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map((entry) => stat(join(entry.parentPath, entry.name)).then(({ blocks }) => blocks * 512));
  const settled = await Promise.allSettled(sizes);
  return settled.reduce((total, size) => total + (size.status === 'fulfilled' ? size.value : 0), 0);
}
