/** A newer Argosy comes, and migrates the database under those that run. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureOwner, newSecret } from '../../src/access/service.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { type Migration, migrate, oldestOf, readMigrations } from '../../src/kit/migrate.ts';
import { runCli } from '../support/cli.ts';
import { freshDatabase, type TestDatabase, urlOf } from '../support/database.ts';
import { launchParts } from '../support/parts.ts';
import { type Site, startSite } from '../support/site.ts';
import { eventually } from '../support/well.ts';

const STORY_MS = 180_000;
const KNOWN = readMigrations();

function next(sql: string): Migration[] {
  const number = KNOWN.length + 1;
  const checksum = createHash('sha256').update(sql).digest('hex');
  const name = `${String(number).padStart(4, '0')}_of_tomorrow`;
  return [...KNOWN, { number, name, sql, checksum, oldest: oldestOf(sql, number) }];
}
const COMPATIBLE = `-- compatible: ${String(KNOWN.length).padStart(4, '0')}\n`;

let db: TestDatabase;
beforeEach(async () => {
  db = await freshDatabase();
});
afterEach(() => db.close());

describe('a migration under two processes that pay', () => {
  let sites: readonly Site[];
  beforeEach(async () => {
    const secret = newSecret();
    await db.tx((tx) => ensureOwner(tx, systemClock, secret));
    sites = await Promise.all(['a', 'b'].map((name) => startSite({ target: db.target, name }, secret)));
  });
  afterEach(() => Promise.all(sites.map((site) => site.stop())));

  it('is done, and no payment fails or waits for long', { timeout: STORY_MS }, async () => {
    let over = false;
    let slowestMs = 0;
    const paying = sites.map(async (site) => {
      let paid = 0;
      for (; !over; paid++) {
        const invoice = await site.asks(1_000);
        const began = performance.now();
        const { status, body } = await site.call('POST', '/v1/payments', { invoice });
        expect(status, JSON.stringify(body)).toBe(202);
        slowestMs = Math.max(slowestMs, performance.now() - began);
      }
      return paid;
    });
    const settled = async () =>
      (await db.read.query(`select id from payment where state = 'settled' limit 60`)).length;
    await eventually('payments flow', async () => (await settled()) >= 20, STORY_MS);
    const grown = `${COMPATIBLE} alter table payment add column memo text; alter table part add column memo text not null default '';
      create index payment_memo on payment (memo); alter table node_session add column memo text`;
    expect(await migrate(db, next(grown))).toMatchObject({ applied: [expect.stringContaining('tomorrow')] });
    const before = await settled();
    await eventually('payments go on', async () => (await settled()) >= Math.min(60, before + 20), STORY_MS);
    over = true;
    const paid = (await Promise.all(paying)).reduce((a, b) => a + b);
    await eventually(
      'all are settled',
      async () => (await db.read.query(`select id from payment where state = 'settled'`)).length === paid,
      STORY_MS,
    );
    expect(slowestMs).toBeLessThan(30_000);
    for (const site of sites)
      expect((await site.call('GET', '/v1/books/check')).body).toMatchObject({ difference_msat: '0' });
  });
});

describe('argosy serve and argosy work', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'argosy-migrating-'));
    writeFileSync(join(folder, 'argosy.yaml'), 'nodes: []\n');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const path = (name: string): string => join(folder, name);

  it('go on beside a newer one that says so, and end clearly beside one that does not', {
    timeout: STORY_MS,
  }, async () => {
    const parts = launchParts(urlOf(db), 1);
    const where = { data: path('data'), log: path('log'), config: path('argosy.yaml') };
    const product = parts.launch(where);
    const { api } = await product.ready;
    const health = async () => (await fetch(`${api}/v1/health`)).ok;
    expect(await migrate(db, next(`${COMPATIBLE} create table tomorrow (id text)`))).toMatchObject({
      kind: 'migrated',
    });
    // One that starts now goes on as well.
    await product.kill();
    await parts.launch(where).ready;
    expect(await health()).toBe(true);

    await db.tx((tx) => tx.query(`update migration set oldest = number where name like '%tomorrow'`));
    await product.exited;
    const started = await runCli(['work', '--config', path('argosy.yaml')], {
      env: { ARGOSY_DATABASE_URL: urlOf(db), ARGOSY_VAULT_KEY: 'ab'.repeat(32) },
    });
    expect(started).toMatchObject({ code: 2, stderr: expect.stringContaining('code: database_newer') });
    await parts.stopped();
  });

  it.each([
    ['database.url', {}, 'nodes: []'],
    ['nodes', { ARGOSY_DATABASE_URL: 'postgres://x@127.0.0.1:1/x' }, ''],
    ['vault.key_file', { ARGOSY_DATABASE_URL: 'postgres://x@127.0.0.1:1/x' }, 'nodes: []'],
  ])(
    'refuse to start without %s, which all of them need',
    { timeout: STORY_MS },
    async (field, env, yaml) => {
      writeFileSync(path('argosy.yaml'), `${yaml}\n`);
      for (const role of ['serve', 'work']) {
        const ran = await runCli([role, '--config', path('argosy.yaml'), '--data', path('data')], { env });
        expect(ran).toMatchObject({ code: 2, stderr: expect.stringContaining(`${field}: `) });
        expect(ran.stderr).toContain('code: not_shared');
      }
    },
  );
});
