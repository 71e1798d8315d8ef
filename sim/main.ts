/** `npm run sim`: see README.md beside this file. */
import { parseArgs } from 'node:util';
import { MODELS, substitute } from './substitute.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    story: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    fault: { type: 'string', multiple: true },
  },
});
substitute(MODELS);
const { tellSeed, runSeeds } = await import('./seeds.ts');
const faults = values.fault ?? null;
if (values.seed !== undefined) process.exitCode = await tellSeed(Number(values.seed), faults, values.story);
else process.exitCode = await runSeeds(Number(values.from), Number(values.seeds), faults, values.json);
