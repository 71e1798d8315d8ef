import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { PURE, ROOTS, ROWS } from './architecture/rooms.ts';
import { importRings, RULES } from './architecture/rules.ts';
import { parseSource, readSources } from './architecture/source.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCES = readSources(ROOT, ['src', 'test', 'bench']);

type RuleName = keyof typeof RULES;
const complaints = (rule: RuleName, path: string, text: string): string[] =>
  RULES[rule](parseSource(path, text));

describe('the code keeps its conventions:', () => {
  test.each(Object.keys(RULES) as RuleName[])('%s', (rule) => {
    const found = SOURCES.flatMap((file) =>
      RULES[rule](file).map((complaint) => `${file.path} ${complaint}`),
    );
    expect(found).toEqual([]);
  });

  test('no rings of imports', () => {
    expect(importRings(SOURCES)).toEqual([]);
  });

  test('every file is looked at, and every pattern of a pure file that exists matches one', () => {
    expect(SOURCES.length).toBeGreaterThan(100);
    const places = SOURCES.map(({ path }) => path.replace('src/', ''));
    const later = ['routing', 'decide'];
    const idle = PURE.filter((pattern) => !places.some((place) => pattern.test(place)));
    expect(idle.filter((pattern) => !later.some((name) => pattern.source.includes(name)))).toEqual([]);
    const rooms = new Set(places.map((place) => place.split('/')[0]));
    const named = [...ROWS.flat(), ...ROOTS].filter((room) => !later.includes(room));
    expect(named.filter((room) => !rooms.has(room))).toEqual([]);
  });
});

/** Rule, path, text: each breaks its rule. A rule that catches nothing guards nothing. */
const CAUGHT: readonly (readonly [RuleName, string, string])[] = [
  ['direction', 'src/money/msat.ts', "import { nodeId } from '../lightning/ids.ts';"],
  ['direction', 'src/lightning/route.ts', "import type { Channel } from '../nodes/node.ts';"],
  ['direction', 'src/nodes/open.ts', "import { openDb } from '../kit/db.ts';"],
  ['direction', 'src/kit/effects.ts', "import { pay } from '../payments/service.ts';"],
  ['direction', 'src/kit/effects.ts', "import { open } from '../checkout/service.ts';"],
  ['direction', 'src/access/service.ts', "import { post } from '../ledger/store.ts';"],
  ['direction', 'src/ledger/store.ts', "import { startFleet } from '../fleet/fleet.ts';"],
  ['direction', 'src/fleet/books.ts', "import {\n  pay,\n  type Quote,\n} from '../payments/service.ts';"],
  ['direction', 'src/payments/service.ts', "export * from '../checkout/service.ts';"],
  ['direction', 'src/checkout/service.ts', "import '../lsp/service.ts';"],
  ['direction', 'src/lsp/service.ts', "const late = await import('../practice/world.ts');"],
  ['direction', 'src/practice/world.ts', "new Worker(new URL('../cli/worker.ts', import.meta.url));"],
  ['direction', 'src/practice/world.ts', "import { start } from '../main.ts';"],
  ['direction', 'src/cli/up.ts', "import { openSystem } from '../system.ts';"],
  ['direction', 'src/system.ts', "import { start } from './main.ts';"],
  ['direction', 'src/sdk/call.ts', "import { PROBLEMS } from '../kit/problems.ts';"],
  ['direction', 'src/sdk/call.ts', "import { decodeBolt11 } from '../lightning/bolt11.ts';"],
  ['direction', 'src/payments/service.ts', "import { createArgosy } from '../sdk/index.ts';"],
  ['direction', 'src/ui/map/main.js', "import { sat } from '../../sdk/index.ts';"],
  ['direction', 'src/ui/map/main.js', "import { z } from 'zod';"],
  ['direction', 'src/ui/routes.ts', "import { sat } from './map/words.js';"],
  ['direction', 'src/payments/views.ts', "import { pageRoutes } from '../ui/routes.ts';"],
  ['direction', 'src/kit/db.ts', "import { freshDatabase } from '../../test/support/database.ts';"],
  ['direction', 'src/kit/db.ts', "import { cases } from './db.test.ts';"],
  ['drivers', 'src/fleet/fleet.ts', "import { openLnd } from '../nodes/lnd/driver.ts';"],
  ['drivers', 'src/main.ts', "import type { LndNode } from './nodes/lnd/driver.ts';"],
  ['drivers', 'src/nodes/cln/driver.ts', "import { toMsat } from '../lnd/map.ts';"],
  ['packages', 'src/nodes/lnd/driver.ts', "import * as ldk from 'lightningdevkit';"],
  ['packages', 'src/practice/world.ts', "import { Logger } from 'lightningdevkit/structs/Logger.mjs';"],
  ['packages', 'src/payments/store.ts', "import type { Pool } from 'pg';"],
  ['packages', 'src/payments/service.ts', "import { z } from '@hono/zod-openapi';"],
  ['packages', 'src/payments/service.ts', "import type { Context } from 'hono';"],
  ['packages', 'src/fleet/fleet.ts', "import { serve } from '@hono/node-server';"],
  ['packages', 'src/fleet/fleet.ts', "import pino from 'pino';"],
  ['packages', 'src/kit/db.ts', "import { test } from 'vitest';"],
  ['packages', 'src/sdk/shapes.ts', "import { z } from '@hono/zod-openapi';"],
  ['packages', 'src/sdk/call.ts', "import { setTimeout } from 'node:timers/promises';"],
  ['purity', 'src/money/msat.ts', 'export async function fetchRate() {}'],
  ['purity', 'src/payments/plan.ts', 'const soon: Promise<void> = work;'],
  ['purity', 'src/practice/world_plan.ts', 'const at = Date.now();'],
  ['purity', 'src/routing/graph.ts', 'const at = new Date();'],
  ['purity', 'src/payments/payment.ts', 'const at = performance.now();'],
  ['purity', 'src/liquidity/decide.ts', 'const pick = Math.random();'],
  ['purity', 'src/lightning/ids.ts', 'const id = crypto.randomUUID();'],
  ['purity', 'src/lightning/ids.ts', 'setTimeout(() => {}, 5);'],
  ['purity', 'src/ledger/account.ts', 'if (process.env.DEBUG) throw new Error();'],
  ['purity', 'src/ui/map/layout.js', 'const width = document.body.clientWidth;'],
  ['purity', 'src/lightning/ids.ts', "import { createHash } from 'node:crypto';"],
  ['purity', 'src/payments/plan.ts', "import { readParts, type PartRow } from './store.ts';"],
  ['money', 'src/payments/store.ts', 'tx.query(`insert into transfer (debit) values ($1)`)'],
  ['money', 'src/fleet/books.ts', "tx.query('UPDATE account\\nset balance_msat = 0')"],
  ['money', 'src/ledger/account.ts', "tx.query('delete from transfer')"],
  ['sql', 'src/payments/service.ts', 'await tx.maybe<Row>(`select id from part`)'],
  ['sql', 'src/fleet/routes.ts', "db.read.query('select 1')"],
  ['length', 'src/kit/long.ts', '// line\n'.repeat(401)],
  ['names', 'src/kit/utils.ts', ''],
  ['names', 'src/kit/db-helper.ts', ''],
  ['names', 'test/helpers/wait.ts', ''],
  ['names', 'src/fleet/nodeManager.ts', ''],
  ['types', 'src/kit/db.ts', 'const row: any = null;'],
  ['types', 'src/kit/db.ts', 'const rows = answer as any[];'],
  ['types', 'src/kit/db.ts', 'type Rows = Record<string, any>;'],
  ['types', 'test/story.test.ts', '// @ts-ignore\nconst x: string = 5;'],
  ['types', 'src/kit/db.ts', '/* @ts-nocheck */'],
  ['types', 'src/kit/db.ts', '// @ts-expect-error because'],
];

/** Rule, path, text: each looks like a breach and is none. */
const ALLOWED: readonly (readonly [RuleName, string, string])[] = [
  ['direction', 'src/payments/service.ts', "import { post } from '../ledger/store.ts';"],
  ['direction', 'src/checkout/service.ts', "import { pay } from '../payments/service.ts';"],
  ['direction', 'src/cli/up.ts', "const { start } = await import('../main.ts');"],
  ['direction', 'src/cli/server.ts', "import { readConfig } from '../config.ts';"],
  ['direction', 'src/money/msat.ts', "// import { pay } from '../payments/service.ts';"],
  ['direction', 'src/sdk/shapes.ts', "import type { payBody } from '../payments/schemas.ts';"],
  ['direction', 'src/sdk/amount.ts', "import { msat } from '../money/msat.ts';"],
  [
    'direction',
    'src/ui/map/main.js',
    "import { sat } from './words.js';\n/** @import { Node } from '../../sdk/shapes.ts' */",
  ],
  ['direction', 'src/cli/client.ts', "import { createArgosy } from '../sdk/index.ts';"],
  ['direction', 'src/money/msat.test.ts', "import { nodeId } from '../lightning/ids.ts';"],
  ['drivers', 'src/nodes/open.ts', "import { openLnd } from './lnd/driver.ts';"],
  ['drivers', 'src/practice/world.ts', "import { startLdkHost } from '../nodes/ldk/host.ts';"],
  ['drivers', 'src/nodes/lnd/driver.ts', "import { toMsat } from './map.ts';"],
  ['drivers', 'src/nodes/lnd/driver.ts', "import { passes } from '../conformance/cases.ts';"],
  ['packages', 'src/nodes/ldk/bindings.ts', "import * as ldk from 'lightningdevkit';"],
  ['packages', 'src/payments/account-routes.ts', "import { z } from '@hono/zod-openapi';"],
  ['packages', 'src/sdk/shapes.ts', "import type { z } from '@hono/zod-openapi';"],
  ['purity', 'src/money/fiat.ts', "// await nobody\nconst text = 'async'; const at = new Date(ms);"],
  ['purity', 'src/payments/plan.ts', "import type { PartRow } from './store.ts';"],
  ['purity', 'src/payments/plan.ts', "import { type PartRow } from './store.ts';"],
  ['purity', 'src/payments/service.ts', 'await Promise.all([Date.now()]);'],
  ['money', 'src/ledger/store.ts', 'tx.query(`insert into transfer (debit) values ($1)`)'],
  ['money', 'src/payments/store.ts', "// update account\ntx.query('update account_name set name = $1')"],
  ['sql', 'src/payments/invoice-store.ts', 'await tx.maybe<Row>(`select id from part`)'],
  ['length', 'src/kit/long.ts', '// line\n'.repeat(400)],
  ['names', 'src/kit/helpful.ts', ''],
  [
    'types',
    'src/kit/db.ts',
    "// any\nconst any = 1; AbortSignal.any([]); sql('id = any($1)'); const o = { any: 1 };",
  ],
  ['types', 'src/kit/db.test.ts', '// @ts-expect-error a pool is no transaction'],
];

describe('the rules', () => {
  test.each(CAUGHT)('%s: catches %s saying %j', (rule, path, text) => {
    expect(complaints(rule, path, text)).toHaveLength(1);
  });

  test.each(ALLOWED)('%s: allows %s saying %j', (rule, path, text) => {
    expect(complaints(rule, path, text)).toEqual([]);
  });

  test('all have something that they catch and something that they allow', () => {
    const rules = Object.keys(RULES).sort();
    expect([...new Set(CAUGHT.map(([rule]) => rule))].sort()).toEqual(rules);
    expect([...new Set(ALLOWED.map(([rule]) => rule))].sort()).toEqual(rules);
  });
});

describe('a ring of imports', () => {
  const files = (back: string) => [
    parseSource('src/kit/a.ts', "import { b } from './b.ts';"),
    parseSource('src/kit/b.ts', "export { c } from './c.ts';"),
    parseSource('src/kit/c.ts', back),
  ];

  test('is caught', () => {
    expect(importRings(files("import { a } from './a.ts';"))).toEqual([
      'src/kit/a.ts -> src/kit/b.ts -> src/kit/c.ts -> src/kit/a.ts',
    ]);
  });

  test('of types is none', () => {
    expect(importRings(files("import type { A } from './a.ts';"))).toEqual([]);
  });
});

describe('a source file', () => {
  test('is told apart into code, strings and comments', () => {
    const text = `a('x // no', \`y \${b({ c: '}' })} z\`) / 2; /* d */ e = /['\`]/.test(f) // g`;
    const { code, withStrings, comments } = parseSource('src/a.ts', text);
    const words = (part: string): string[] => part.match(/\b[a-z]+\b/g) ?? [];
    expect(words(code)).toEqual(['a', 'b', 'c', 'e', 'test', 'f']);
    expect(words(withStrings)).toEqual(['a', 'x', 'no', 'y', 'b', 'c', 'z', 'e', 'test', 'f']);
    expect(words(comments)).toEqual(['d', 'g']);
  });
});
