/** `npm run bench -- NAME [--json]`: measures; the last line of --json is one object. Ratios are within one run. */
import { benchNode } from './node.ts';
import { benchPay } from './pay.ts';
import { benchScale } from './scale.ts';
import { benchSoak } from './soak.ts';

const BENCHES: Readonly<Record<string, (options: Map<string, string>) => Promise<Record<string, unknown>>>> =
  {
    node: benchNode,
    pay: benchPay,
    scale: benchScale,
    soak: benchSoak,
  };

const [name = '', ...rest] = process.argv.slice(2);
const bench = BENCHES[name];
if (bench === undefined) {
  console.error(
    `usage: npm run bench -- ${Object.keys(BENCHES).join('|')} [--json] [--payments N] [--history N] [--at-once N]`,
  );
  process.exit(2);
}
const options = new Map<string, string>();
for (const [index, word] of rest.entries()) {
  if (word.startsWith('--')) options.set(word.slice(2), rest[index + 1] ?? '');
}
const result = await bench(options);
console.log(options.has('json') ? JSON.stringify({ bench: name, ...result }) : result);
process.exit(0);
