import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Grant } from './macaroon.ts';
import { bakeCommand, CALLS, excessGrants, missingPermissions } from './permissions.ts';

const folder = join(import.meta.dirname, 'proto');
/** Answers without a macaroon. */
const FREE = '/lnrpc.State/';

/** Every call that the driver has: it speaks by these files alone. */
function callsOfDriver(): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.proto'))
    .flatMap((file) => {
      const text = readFileSync(join(folder, file), 'utf8');
      const space = /^package (\w+);/m.exec(text)?.[1];
      return [...text.matchAll(/^service (\w+) \{([\s\S]*?)^\}/gm)].flatMap(([, service, body = '']) =>
        [...body.matchAll(/\brpc (\w+)/g)].map(([, name]) => `/${space}.${service}/${name}`),
      );
    })
    .filter((path) => !path.startsWith(FREE));
}

const minimal = (): Grant[] => Object.keys(CALLS).map((path): Grant => `uri:${path}`);

describe('the permissions that Argosy needs of an LND', () => {
  it('are those of the calls that the driver has, no more and no less', () => {
    expect(Object.keys(CALLS).sort()).toEqual(callsOfDriver().sort());
  });

  it('are all there with the macaroon that the command bakes, which has nothing else', () => {
    const words = bakeCommand('regtest').split(' ');
    expect(words.slice(0, 3)).toEqual(['lncli', '--network=regtest', 'bakemacaroon']);
    const grants = new Set(words.filter((word): word is Grant => word.startsWith('uri:')));
    expect(missingPermissions(grants)).toEqual([]);
    expect(excessGrants(grants)).toEqual([]);
  });

  it('are each named once when they are missing, with all that cannot be done', () => {
    const grants = new Set(Object.values(CALLS).flatMap(({ needs }) => needs));
    expect(missingPermissions(grants)).toEqual([]);
    grants.delete('offchain:write');
    const [missing, ...others] = missingPermissions(grants);
    expect(others).toEqual([]);
    expect(missing?.permission).toBe('offchain:write');
    expect(missing?.for).toContain('send payments');
    expect(missing?.for).toContain('open and close channels');
  });

  it('are missing where a single call is', () => {
    const grants = new Set(minimal().filter((grant) => !grant.endsWith('/SendToRouteV2')));
    expect(missingPermissions(grants)).toEqual([{ permission: 'offchain:write', for: ['send payments'] }]);
  });

  it('are too many where a macaroon may make others', () => {
    expect(excessGrants(new Set([...minimal(), 'macaroon:generate']))).toEqual(['macaroon:generate']);
  });
});
