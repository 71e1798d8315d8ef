/** Exit codes that need no fleet: usage, configuration, no server, a wrong key, an outcome that nobody knows. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ended, runCli, spawnCli } from '../../test/support/cli.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'argosy-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';

describe('2: usage', () => {
  it.concurrent.each([
    [['nosuch'], 'unknown command'],
    [['nodes', '--bogus'], 'unknown option'],
    [['pay'], "missing required argument 'bolt11'"],
    [['practice', 'invoice', '25'], "required option '--as <name>'"],
    [['practice', 'mine', '0'], 'from 1 to 1000'],
    [['payments', '--limit', 'x'], 'from 1 to 200'],
    [['nodes', 'extra'], 'too many arguments'],
  ])('%j says what is wrong and where to read on', async (args, words) => {
    const ran = await runCli(args, { cwd: folder });
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain(words);
    expect(lastLine(ran.stderr)).toMatch(/try: npx argosy .*--help$/);
  });

  it('without a command shows the help; asked for, the help is no error', async () => {
    expect(await runCli([])).toMatchObject({ code: 2, stdout: '' });
    const help = await runCli(['--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain('Exit codes:');
    expect((await runCli(['pay', '--help'])).stdout).toContain('--idempotency-key');
    expect(await runCli(['--version'])).toMatchObject({ code: 0, stdout: '0.1.0\n' });
  });

  it('under --json is a problem document, too', async () => {
    const ran = await runCli(['nosuch', '--json']);
    expect(ran.code).toBe(2);
    expect(JSON.parse(ran.stdout)).toMatchObject({ code: 'command_invalid', status: 400 });
  });
});

describe('config check', () => {
  const check = (yaml: string) => {
    writeFileSync(join(folder, 'test.yaml'), yaml);
    return runCli(['config', 'check', '--config', 'test.yaml'], { cwd: folder });
  };

  it('names the line and the way out', async () => {
    const unknown = await check('network: regtest\nlog:\n  levle: info\n');
    expect(unknown).toMatchObject({ code: 2 });
    expect(unknown.stderr).toContain('log.levle (test.yaml:3)');
    expect(unknown.stderr).toContain('did you mean level?');
    const wrong = await check('# one\n\nlisten: nowhere\n');
    expect(wrong).toMatchObject({ code: 2 });
    expect(wrong.stderr).toContain('listen (test.yaml:3): must be HOST:PORT');
    expect(lastLine(wrong.stderr)).toContain('try: npx argosy --config test.yaml config check');
  });

  it('refuses real money for now', async () => {
    const ran = await check('network: bitcoin\n');
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('code: network_refused');
  });

  it('shows what will be used, without secrets', async () => {
    const yaml = 'database:\n  url: postgres://argosy:geheim@db/argosy\nlisten: 127.0.0.1:7400\n';
    const ran = await check(yaml);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toContain('127.0.0.1:7400');
    expect(ran.stdout).not.toContain('geheim');
    const { stdout } = await runCli(['config', 'check', '--json'], { cwd: folder });
    expect(JSON.parse(stdout)).toMatchObject({ valid: true, file: null, network: 'regtest' });
  });
});

/** A server for requests that Argosy would answer otherwise. */
async function serving(answer: Parameters<typeof createServer>[1]): Promise<{ server: Server; api: string }> {
  const server = createServer(answer ?? (() => {}));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, api: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
const asked = (api: string, ...args: string[]) =>
  runCli(args, { cwd: folder, env: { ARGOSY_API: api, ARGOSY_KEY: 'argosy_test' } });

describe('5: unreachable', () => {
  it('says how to start one, where nobody uses the data folder', async () => {
    const ran = await runCli(['nodes'], { cwd: folder });
    expect(ran).toMatchObject({ code: 5, stdout: '' });
    expect(ran.stderr).toContain('code: server_unreachable');
    expect(lastLine(ran.stderr)).toBe('  try: npx argosy up');
  });

  it('takes a folder whose holder has crashed for what it is', async () => {
    const { server, api } = await serving(() => {});
    await new Promise((resolve) => server.close(resolve));
    writeFileSync(join(folder, 'holder.json'), JSON.stringify({ pid: 1, api }));
    writeFileSync(join(folder, 'owner.key'), 'argosy_x');
    const ran = await runCli(['pay', 'lnbcrt1', '--data', folder]);
    expect(ran).toMatchObject({ code: 5, stdout: '' });
    expect(ran.stderr).toContain('nothing listens there');
  });

  it('asks for patience while it is starting, also where the request would pay', async () => {
    writeFileSync(join(folder, 'holder.json'), JSON.stringify({ pid: 1, api: null }));
    const found = await runCli(['nodes', '--data', folder]);
    expect(found).toMatchObject({ code: 5 });
    expect(found.stderr).toContain('still starting');
    const { server, api } = await serving((_, response) =>
      response.writeHead(503).end('{"code":"starting","detail":"Ask again in a few seconds."}'),
    );
    expect((await asked(api, 'pay', 'lnbcrt1')).code).toBe(5);
    server.close();
  });

  it('is what a server is that answers like another', async () => {
    const { server, api } = await serving((_, response) => response.end('<html>'));
    expect((await asked(api, 'nodes')).code).toBe(5);
    server.close();
  });
});

describe('4: not allowed', () => {
  it('asks for both, the address and a key', async () => {
    const ran = await runCli(['nodes'], { env: { ARGOSY_API: 'http://127.0.0.1:1' } });
    expect(ran.code).toBe(4);
    expect(ran.stderr).toContain('ARGOSY_KEY is not');
  });

  it("never sends the folder's key to the address that the environment names", async () => {
    const seen: (string | undefined)[] = [];
    const { server, api } = await serving((request, response) => {
      seen.push(request.headers.authorization);
      response.end('{"data":[],"next_cursor":null}');
    });
    writeFileSync(join(folder, 'holder.json'), JSON.stringify({ pid: 1, api }));
    writeFileSync(join(folder, 'owner.key'), 'argosy_owner');
    const elsewhere = { ARGOSY_API: 'http://127.0.0.1:1', ARGOSY_KEY: 'argosy_test' };
    expect((await asked(api, 'accounts')).code).toBe(0);
    const flag = await runCli(['accounts', '--data', folder], { env: elsewhere });
    const data = await runCli(['accounts'], { env: { ARGOSY_DATA: folder } });
    server.close();
    expect([flag.code, data.code]).toEqual([0, 0]);
    expect(seen).toEqual(['Bearer argosy_test', 'Bearer argosy_owner', 'Bearer argosy_owner']);
  });

  it('passes on that the server does not know the key, and where to find it', async () => {
    const problem = { code: 'unauthenticated', title: 'A valid API key is needed', detail: 'No.' };
    const { server, api } = await serving((_, response) =>
      response.writeHead(401).end(JSON.stringify(problem)),
    );
    const ran = await asked(api, 'balance', '--json');
    expect(ran.code).toBe(4);
    expect(JSON.parse(ran.stdout)).toEqual(problem);
    server.close();
  });
});

describe('3: outcome unknown', () => {
  it('is a payment whose connection breaks after the request was read; the same key is the way on', async () => {
    const { server, api } = await serving((request) => {
      request.resume().on('end', () => request.socket.destroy());
    });
    const ran = await asked(api, 'pay', 'lnbcrt1', '--amount', '7', '--idempotency-key', 'k1', '--json');
    server.close();
    expect(ran.code).toBe(3);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      code: 'outcome_unknown',
      state: 'unknown',
      idempotency_key: 'k1',
    });
    expect(lastLine(ran.stderr)).toBe('  try: npx argosy pay lnbcrt1 --amount 7 --idempotency-key k1');
  });

  it('is a payment that its payer interrupts: once to leave, and nothing is killed half way', async () => {
    const { server, api } = await serving(() => {});
    const env = { ARGOSY_API: api, ARGOSY_KEY: 'argosy_test' };
    const child = spawnCli(['pay', 'lnbcrt1', '--idempotency-key', 'k2'], { cwd: folder, env });
    server.once('request', () => {
      child.kill('SIGINT');
      child.kill('SIGINT');
    });
    const ran = await ended(child);
    server.close();
    expect(ran.code).toBe(3);
    expect(lastLine(ran.stderr)).toBe('  try: npx argosy pay lnbcrt1 --idempotency-key k2');
  });

  it('is also an answer that no Argosy gives, and a failure of the server', async () => {
    const bodies = ['Bad gateway', JSON.stringify({ code: 'internal', title: 'Argosy failed' })];
    for (const body of bodies) {
      const { server, api } = await serving((_, response) => response.writeHead(502).end(body));
      const ran = await asked(api, 'pay', 'lnbcrt1');
      server.close();
      expect(ran.code).toBe(3);
      expect(ran.stderr).toContain('never with a new one');
    }
  });

  it('is a payment that does not end in time, or whose server goes away: it goes on without us', async () => {
    const payment = {
      id: 'pay_1',
      state: 'in_flight',
      amount_msat: '1000',
      fee_msat: null,
      ended_at: null,
      failure: null,
      attempts: [],
    };
    const { server, api } = await serving((request, response) => {
      if (request.method === 'POST') response.writeHead(202).end(JSON.stringify(payment));
      else request.socket.destroy();
    });
    const ran = await asked(api, 'pay', 'lnbcrt1', '--json');
    server.close();
    expect(ran.code).toBe(3);
    expect(JSON.parse(ran.stdout)).toMatchObject({ state: 'in_flight' });
    expect(lastLine(ran.stderr)).toBe('  try: npx argosy payment pay_1');
  });
});
