/**
 * `npm run crash -- [--kills N] [--seed TEXT] [--per-second N] [--channels] [--json]`: one line a kill, then the
 * summary. `--channels`: people open and close channels meanwhile.
 */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { planKills } from './plan.ts';
import { crash } from './run.ts';
import type { CrashSummary, KillReport } from './summary.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    seed: { type: 'string', default: randomBytes(4).toString('hex') },
    'per-second': { type: 'string', default: '8' },
    channels: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const wholeNumber = (text: string): number => {
  if (!/^\d{1,5}$/.test(text)) throw new Error(`${text} is not a whole number`);
  return Number(text);
};
const PATIENCE_MS = 60_000;
const SHOWN = 20;

const kills = wholeNumber(values.kills);
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());

try {
  const summary = await crash({
    seed: values.seed,
    kills: planKills(values.seed, kills),
    perSecond: Math.max(1, wholeNumber(values['per-second'])),
    patienceMs: PATIENCE_MS,
    onKill: (report) => console.log(values.json ? jsonOf(report) : lineOf(report)),
    keep: true,
    comings: values.channels,
    signal: stopping.signal,
  });
  console.log(values.json ? JSON.stringify({ event: 'summary', ...summary }) : textOf(summary));
  process.exitCode = summary.violations.length === 0 ? 0 : 1;
} catch (error) {
  if (!stopping.signal.aborted) throw error;
  console.error('stopped; nothing of it is left');
  process.exitCode = 130;
}

function jsonOf({ number, moment, afterMs, database, readyMs, ...rest }: KillReport): string {
  const kill = { event: 'kill', kill: number, moment, after_ms: afterMs, database, ready_ms: readyMs };
  return JSON.stringify({ ...kill, ...rest });
}

function lineOf({ number, moment, afterMs, database, readyMs, checked, settled, asked }: KillReport): string {
  const after = readyMs === null ? 'killed again while starting' : `ready after ${readyMs} ms`;
  const well = checked ? `, all well: ${settled} of ${asked} payments settled` : '';
  const kill = `kill ${number} of ${kills}: ${moment}, ${afterMs} ms, PostgreSQL ${database}`;
  return `${kill}; ${after}${well}`;
}

function textOf({
  payments,
  restart_ms,
  violations,
  kept,
  seed,
  kills: done,
  reasons,
}: CrashSummary): string {
  const why = Object.entries(reasons).map(([reason, count]) => `${reason} ${count}`);
  const lines = [
    `${done} kills, seed ${seed}: ${payments.settled} payments settled, ${payments.failed} failed, ` +
      `${payments.refused} refused${why.length === 0 ? '' : ` (${why.join(', ')})`}, ${payments.in_doubt} sent again in doubt`,
    ...(restart_ms.p50 === null
      ? []
      : [`ready again after ${restart_ms.p50} ms (half), ${restart_ms.p95} ms (95 %)`]),
    ...violations.slice(0, SHOWN).map(({ rule, detail }) => `VIOLATION ${rule}: ${detail}`),
    ...(violations.length > SHOWN ? [`and ${violations.length - SHOWN} more`] : []),
  ];
  if (kept === null) return lines.join('\n');
  return [
    ...lines,
    `Look: npx argosy up --data ${kept}/data`,
    `      ${kept}/evidence.json, ${kept}/log, ${kept}/data/postgres/log; then remove ${kept}`,
    `Again: npm run crash -- --seed ${seed} --kills ${kills}`,
  ].join('\n');
}
