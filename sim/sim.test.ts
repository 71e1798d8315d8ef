import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const MINUTES = 10 * 60_000;

/** In processes of their own: the simulation replaces modules as they are loaded. */
async function sim(...options: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [MAIN, ...options], { maxBuffer: 2 ** 26 });
  return stdout;
}

describe('the simulation', () => {
  it('tells the same story of a seed again, byte for byte', { timeout: MINUTES }, async () => {
    const [one, other] = await Promise.all([
      sim('--digest', '--seeds', '40'),
      sim('--digest', '--seeds', '40'),
    ]);
    expect(one).toMatch(/^[0-9a-f]{64}\n$/);
    expect(other).toBe(one);
    const story = await sim('--seed', '9', '--story');
    expect(story).toContain('hands over part');
    expect(await sim('--seed', '9', '--story')).toBe(story);
  });

  it('finds nothing paid twice, lost, unrecorded or held for nothing', { timeout: MINUTES }, async () => {
    const { by_fault, ...figures } = JSON.parse(await sim('--seeds', '500', '--from', '5000', '--json'));
    expect(figures).toEqual({
      seeds: 500,
      failed_seeds: 0,
      double_payments: 0,
      lost_msat: 0,
      ledger_diff_msat: 0,
      unrecorded: 0,
      holds_leaked: 0,
    });
    const seeds = Object.values<{ seeds?: number }>(by_fault).map((fault) => fault.seeds);
    expect(seeds.filter((count) => count !== undefined && count > 0).length).toBeGreaterThan(25);
  });

  it('finds as little on real PostgreSQL, in a sample', { timeout: MINUTES }, async () => {
    const figures = JSON.parse(await sim('--sql', '--seeds', '4', '--json'));
    expect(figures).toMatchObject({ seeds: 4, failed_seeds: 0 });
  });

  it('finds each fence that is taken away', { timeout: MINUTES }, async () => {
    const { mutations, caught } = JSON.parse(await sim('--mutations', '--json'));
    expect(mutations).toBeGreaterThanOrEqual(8);
    expect(caught).toBe(mutations);
  });

  it('tells the shortest story of a seed that goes wrong', { timeout: MINUTES }, async () => {
    const failing = await sim('--mutation', 'hash claim', '--seeds', '40').catch((error) =>
      String(error.stdout),
    );
    const plan = JSON.parse(failing.split('\n')[1] ?? '');
    expect(plan.payments).toHaveLength(1);
    expect(plan.receipts).toEqual([]);
    expect(failing).toContain('double_payment');
  });
});
