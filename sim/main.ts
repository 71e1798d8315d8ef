/** `npm run sim`: see README.md beside this file. */
import { parseArgs } from 'node:util';
import { runMutations } from './mutants.ts';
import { MUTATIONS } from './mutations.ts';
import { MODELS, substitute } from './substitute.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    story: { type: 'boolean', default: false },
    digest: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    fault: { type: 'string', multiple: true },
    mutations: { type: 'boolean', default: false },
    mutation: { type: 'string' },
    sql: { type: 'boolean', default: false },
  },
});
const faults = values.fault ?? null;
const range = { from: Number(values.from), count: Number(values.seeds) };

if (values.mutations) process.exitCode = await runMutations(range, values.json);
else {
  const mutation = MUTATIONS.find(({ name }) => name === values.mutation);
  if (values.mutation !== undefined && mutation === undefined)
    throw new Error(`--mutation: there is no ${values.mutation}`);
  substitute(values.sql ? {} : MODELS, mutation?.rewrites);
  const server = values.sql ? await (await import('./sql-store.ts')).startSqlServer() : null;
  const seeds = { ...range, server };
  const { digestOf, findFirst, tellSeed, runSeeds } = await import('./seeds.ts');
  if (values.seed !== undefined) process.exitCode = await tellSeed(Number(values.seed), faults, values.story);
  else if (values.digest) console.log(await digestOf(seeds, faults));
  else if (mutation !== undefined && values.json) console.log(JSON.stringify(await findFirst(seeds, faults)));
  else process.exitCode = await runSeeds(seeds, faults, values.json);
  await server?.stop();
}
