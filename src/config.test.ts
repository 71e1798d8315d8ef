import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';
import { Problem } from './kit/problems.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'argosy-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const read = (yaml: string, env: Record<string, string> = {}, flags = {}) => {
  const file = join(folder, 'argosy.yaml');
  writeFileSync(file, yaml);
  return readConfig({ file, env, flags });
};
function refusal(yaml: string, env: Record<string, string> = {}): { code: string; detail: string } {
  try {
    read(yaml, env);
  } catch (error) {
    if (error instanceof Problem) return { code: error.code, detail: error.message };
    throw error;
  }
  throw new Error('it was taken');
}

const node = (id: string, region: string, credentials: object, exposureMsatMax: bigint | null = null) => ({
  id,
  region,
  driver: 'lnd',
  credentials,
  exposureMsatMax,
});

describe('the configuration', () => {
  it('has a default for everything', () => {
    expect(read('')).toMatchObject({ network: 'regtest', listen: { host: '127.0.0.1', port: 7300 } });
  });
  it('lets flags win over the environment, and that over the file', () => {
    const yaml = 'listen: 127.0.0.1:1\ndata: file\n';
    expect(read(yaml).data).toBe('file');
    expect(read(yaml, { ARGOSY_DATA: 'env' }).data).toBe('env');
    expect(read(yaml, { ARGOSY_DATA: 'env' }, { data: 'flag' }).data).toBe('flag');
  });
  it('is the example when it is the example', () => {
    expect(readConfig({ file: 'argosy.example.yaml', env: {}, flags: {} })).toEqual(read(''));
  });
  it('names the line of an unknown key, and the key that was meant', () => {
    const { code, detail } = refusal('network: regtest\nlistn: 127.0.0.1:1\n');
    expect(code).toBe('config_unknown_key');
    expect(detail).toContain('argosy.yaml:2');
    expect(detail).toContain('did you mean listen?');
  });
  it('names the line of an unknown key further down', () => {
    expect(refusal('database:\n  url: postgres://x\n  pasword: y\n').detail).toContain('argosy.yaml:3');
  });
  it('refuses mainnet, and for the practice fleet every network but regtest', () => {
    for (const network of ['bitcoin', 'testnet', 'signet']) {
      expect(refusal(`network: ${network}`).code).toBe('network_refused');
    }
    expect(refusal('network: bitcoin\nnodes: []')).toMatchObject({
      code: 'network_refused',
      detail: expect.stringContaining('real money waits'),
    });
    expect(refusal('network: mainnet').code).toBe('config_invalid');
  });
  it('names an own fleet, on a network of worthless coins', () => {
    expect(read('').nodes).toBe(null);
    expect(read('network: signet\nnodes: []')).toMatchObject({ network: 'signet', nodes: [] });
    const yaml = `nodes:
  - { id: us, region: america, exposure_sat_max: 5000000 }
  - { id: eu, region: europe, credentials: { file: /run/secrets/eu } }
  - { id: asia, region: asia, credentials: { env: ASIA_LND } }
  - { id: oz, region: asia, credentials: { address: "10.0.0.7:10009", cert_file: c, macaroon_file: m } }
`;
    expect(read(yaml).nodes).toEqual([
      node('us', 'america', { kind: 'vault' }, 5_000_000_000n),
      node('eu', 'europe', { kind: 'uri_file', file: '/run/secrets/eu' }),
      node('asia', 'asia', { kind: 'uri_env', name: 'ASIA_LND' }),
      node('oz', 'asia', { kind: 'files', address: '10.0.0.7:10009', certFile: 'c', macaroonFile: 'm' }),
    ]);
  });
  it('names the line of what is wrong with a node', () => {
    const nodes = (text: string) => refusal(`network: regtest\nnodes:\n  - id: us\n    region: us\n${text}`);
    expect(nodes('    regoin: x\n')).toMatchObject({
      code: 'config_unknown_key',
      detail: expect.stringMatching(/nodes\.0\.regoin \(.*:5\): .*did you mean region\?/),
    });
    expect(nodes('    driver: cln\n').detail).toMatch(/nodes\.0\.driver \(.*:5\): must be lnd/);
    expect(nodes('    credentials: { path: x }\n').detail).toMatch(/:5\): must be vault, \{ file: PATH \}/);
    expect(nodes('    exposure_sat_max: 0.5\n').detail).toMatch(/:5\): must be a whole number of sat/);
    expect(nodes('  - id: eu\n').detail).toMatch(/nodes\.1\.region \(.*:5\)/);
    expect(nodes('  - id: us\n    region: x\n').detail).toMatch(/:5\): us is the name of two nodes/);
  });
  it('takes the key of the vault from the environment before the file', () => {
    const yaml = 'vault: { key_file: /run/secrets/vault }';
    expect(read('').vaultKey).toBe(null);
    expect(read(yaml).vaultKey).toEqual({ file: '/run/secrets/vault' });
    expect(read(yaml, { ARGOSY_VAULT_KEY: 'ab'.repeat(32) }).vaultKey).toEqual({ hex: 'ab'.repeat(32) });
    const short = refusal('', { ARGOSY_VAULT_KEY: 'abc' });
    expect(short).toMatchObject({ code: 'config_invalid', detail: expect.not.stringContaining('abc') });
  });
  it('refuses an address that is none, from the file and from the environment', () => {
    expect(refusal('listen: 7300')).toMatchObject({ code: 'config_invalid' });
    expect(refusal('', { ARGOSY_LISTEN: '127.0.0.1:99999' }).detail).toContain('65535');
  });
  it('opens the doors of the practice world where it is told to, or not at all', () => {
    expect(read('').doors).toEqual({ enabled: true, rpc: null, peers: {} });
    expect(read('practice:\n  doors:\n    enabled: false\n').doors.enabled).toBe(false);
    const yaml = 'practice:\n  doors:\n    rpc: 127.0.0.1:18443\n    peers: { eu: "[::1]:9735" }\n';
    expect(read(yaml).doors).toMatchObject({
      rpc: { host: '127.0.0.1', port: 18443 },
      peers: { eu: { host: '::1', port: 9735 } },
    });
    expect(refusal('practice:\n  doors:\n    rcp: 127.0.0.1:1\n').detail).toContain('did you mean rpc?');
    expect(refusal('practice:\n  doors:\n    peers: { eu: 9735 }\n')).toMatchObject({
      code: 'config_invalid',
    });
    expect(refusal('practice:\n  doors:\n    rpc: 127.0.0.1:99999\n').detail).toContain('65535');
  });
  it('refuses YAML that is none, with the line', () => {
    expect(refusal('a: [1\nb: 2').detail).toContain('argosy.yaml:');
    expect(refusal('- list').code).toBe('config_invalid');
  });
});
