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
  it('refuses every network but regtest', () => {
    for (const network of ['bitcoin', 'testnet', 'signet']) {
      expect(refusal(`network: ${network}`).code).toBe('network_refused');
    }
    expect(refusal('network: mainnet').code).toBe('config_invalid');
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
