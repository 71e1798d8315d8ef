/**
 * `npm run test:nodes -- DRIVER`: the conformance suite of one driver, on real daemons where it has such.
 * Closes with `N passed, N failed, N skipped`. Exit codes: 0 nothing failed, 1 something did, 2 usage.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { missingDaemons } from '../net/daemons.ts';
import { DRIVERS, isDriver, suiteOf } from './plan.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs');

const [driver = '', ...more] = process.argv.slice(2);
process.exitCode = await run();

async function run(): Promise<number> {
  if (!isDriver(driver)) {
    const said = driver === '' ? 'Which driver?' : `There is no driver ${driver}.`;
    console.error(`${said} Usage: npm run test:nodes -- ${Object.keys(DRIVERS).join('|')}`);
    return 2;
  }
  const daemons = DRIVERS[driver];
  if (daemons === null) return skip('there is no such driver yet');
  const missing = missingDaemons(...daemons);
  if (missing !== null) return skip(missing);
  const files = suiteOf(driver, globSync(['test/nodes/*.test.ts', 'src/nodes/*/*.test.ts'], { cwd: ROOT }));
  if (files.length === 0) {
    console.log(`failed: no file holds the conformance suite of ${driver}\n0 passed, 1 failed, 0 skipped`);
    return 1;
  }
  return runFiles(files);
}

function skip(why: string): number {
  console.log(`skipped: the conformance suite of ${driver}: ${why}`);
  console.log('0 passed, 0 failed, 1 skipped');
  return 0;
}

async function runFiles(files: readonly string[]): Promise<number> {
  const results = mkdtempSync(join(tmpdir(), 'argosy-suite-'));
  const report = join(results, 'report.json');
  try {
    const reporters = ['--reporter=verbose', '--reporter=json', `--outputFile.json=${report}`];
    const child = spawn(process.execPath, [VITEST, 'run', ...files, ...reporters, ...more], {
      cwd: ROOT,
      stdio: 'inherit',
    });
    // Ctrl-C goes to both: this one waits for the other's end.
    process.on('SIGINT', () => {});
    const [code] = await once(child, 'exit');
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = readReport(report);
    // A file that does not even load has no test that failed.
    const failed = Math.max(numFailedTests, code === 0 ? 0 : 1);
    console.log(`${numPassedTests} passed, ${failed} failed, ${numPendingTests + numTodoTests} skipped`);
    return failed === 0 ? 0 : 1;
  } finally {
    rmSync(results, { recursive: true, force: true });
  }
}

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
}

function readReport(path: string): Report {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Report;
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 };
  }
}
