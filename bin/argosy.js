#!/usr/bin/env node
/** Runs the command line under Node 24: this very process if it is one, else the binary that npm brought along. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED = 24;
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];
const majorOf = (version) => Number(version.split('.')[0]);

/**
 * For whoever runs long: V8 lets the young part of each heap grow to 134 MB, and the old part to four times of what is
 * in use, and three threads would keep hundreds of MB for nothing. Measured with `npm run bench -- soak`.
 */
const LEAN = ['--max-semi-space-size=4', '--max-old-space-size=512'];
const runsLong = ['up', 'serve', 'work'].some((command) => process.argv.includes(command));

if (majorOf(process.versions.node) < NEEDED) runUnder(findNode());
else if (runsLong && !process.execArgv.includes(LEAN[0]) && process.execve) runLean();
else await runHere();

/** The same process, begun again. */
function runLean() {
  const { execPath, execArgv, argv, env, emitWarning } = process;
  // It is announced as experimental, on a stream that people read.
  process.emitWarning = () => {};
  try {
    process.execve(execPath, [execPath, ...execArgv, ...LEAN, ...argv.slice(1)], env);
  } finally {
    process.emitWarning = emitWarning;
  }
}

async function runHere() {
  const published = new URL('../dist/cli/main.js', import.meta.url);
  const source = new URL('../src/cli/main.ts', import.meta.url);
  const { main } = await import(existsSync(published) ? published.href : source.href);
  process.exitCode = await main(process.argv.slice(2));
}

/** The binary of the npm package `node`, wherever npm has put it; null if it is not there. */
function findNode() {
  try {
    const found = createRequire(import.meta.url).resolve('node/package.json');
    const { version } = createRequire(import.meta.url)('node/package.json');
    const binary = join(dirname(found), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return majorOf(version) >= NEEDED && existsSync(binary) ? binary : null;
  } catch {
    return null;
  }
}

function runUnder(binary) {
  if (binary === null) return refuse('npm did not bring one along either');
  const script = fileURLToPath(import.meta.url);
  const child = spawn(binary, [...(runsLong ? LEAN : []), script, ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  for (const signal of FORWARDED) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => refuse(`${binary} cannot be run (${error.message})`));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    for (const forwarded of FORWARDED) process.removeAllListeners(forwarded);
    process.kill(process.pid, signal);
  });
}

function refuse(why) {
  process.stderr.write(
    `error: Argosy needs Node ${NEEDED} or newer\n` +
      `  This is Node ${process.versions.node}, and ${why}.\n` +
      '  npm brings Node 24 unless its install scripts are switched off.\n' +
      '  try: npm rebuild node\n',
  );
  process.exitCode = 1;
}
