/**
 * `npm run crash -- [--kills N] [--world lnd|practice] [--seed TEXT] [--per-second N] [--json]`: one line for each kill
 * and each check, then the summary. `--channels` (practice): people open and close channels meanwhile.
 */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { missingDaemons } from '../nodes/net/daemons.ts';
import { planStrikes } from './lnd/plan.ts';
import { roundLine, strikeLine, summarizeLnd, summaryLines } from './lnd/report.ts';
import { crashLnd } from './lnd/run.ts';
import { planKills } from './plan.ts';
import { crash } from './run.ts';
import { killDocument, killLine, practiceLines } from './summary.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    world: { type: 'string', default: 'lnd' },
    seed: { type: 'string', default: randomBytes(4).toString('hex') },
    'per-second': { type: 'string' },
    channels: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const wholeNumber = (text: string): number => {
  if (!/^\d{1,5}$/.test(text)) throw new Error(`${text} is not a whole number`);
  return Number(text);
};

const { seed, json } = values;
const kills = wholeNumber(values.kills);
const perSecond = (usual: number): number =>
  Math.max(1, values['per-second'] === undefined ? usual : wholeNumber(values['per-second']));
const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort());
const { signal } = stopping;

try {
  const WORLDS: Readonly<Record<string, () => Promise<boolean>>> = { lnd: overLnd, practice: overPractice };
  const run = WORLDS[values.world];
  if (run === undefined) throw new Error(`--world is ${Object.keys(WORLDS).join(' or ')}`);
  process.exitCode = (await run()) ? 0 : 1;
} catch (error) {
  if (!signal.aborted) throw error;
  console.error('stopped; nothing of it is left');
  process.exitCode = 130;
}

/** @returns whether all was well */
async function overLnd(): Promise<boolean> {
  const missing = missingDaemons('lnd', 'btcd');
  if (missing !== null) throw new Error(`${missing}; or try --world practice`);
  const facts = await crashLnd({
    seed,
    strikes: planStrikes(seed, kills),
    perSecond: perSecond(4),
    patienceMs: 300_000,
    onStrike: (strike) => tell({ event: 'kill', ...strike }, strikeLine(strike)),
    onWait: ({ rule, detail }, all) =>
      console.error(`not well yet: ${rule}: ${detail}${all > 1 ? `, and ${all - 1} more` : ''}`),
    onRound: (round) => tell({ event: 'well', ...round }, roundLine(round)),
    keep: true,
    signal,
  });
  const summary = summarizeLnd(seed, facts);
  const again = `Again: npm run crash -- --seed ${seed} --kills ${kills}`;
  tell(summary, [...summaryLines(summary), ...(summary.violations.length > 0 ? [again] : [])].join('\n'));
  return summary.violations.length === 0;
}

async function overPractice(): Promise<boolean> {
  const summary = await crash({
    seed,
    kills: planKills(seed, kills),
    perSecond: perSecond(8),
    patienceMs: 60_000,
    onKill: (report) => tell(killDocument(report), killLine(report, kills)),
    keep: true,
    comings: values.channels,
    signal,
  });
  const again = `Again: npm run crash -- --world practice --seed ${seed} --kills ${kills}`;
  const lines = practiceLines(summary);
  tell({ event: 'summary', ...summary }, [...lines, ...(summary.kept === null ? [] : [again])].join('\n'));
  return summary.violations.length === 0;
}

function tell(document: object, line: string): void {
  console.log(json ? JSON.stringify(document) : line);
}
