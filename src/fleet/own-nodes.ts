/** The nodes of an own fleet at its start: those that `argosy.yaml` names, and those that were added since. */
import { readFileSync } from 'node:fs';
import type { ConfiguredNode, CredentialSource } from '../config.ts';
import type { Db } from '../kit/db.ts';
import { Problem } from '../kit/problems.ts';
import { absentNode } from '../nodes/absent.ts';
import type { NodeCheck, Pin } from '../nodes/check.ts';
import type { CredentialChange, NodeCredentials, ReadChange, ReadCredentials } from '../nodes/credentials.ts';
import type { LightningNode } from '../nodes/node.ts';
import type { OwnNode } from './fleet.ts';
import type { StoredNode, Vault, VaultEntry } from './vault.ts';

/** What can be done with a daemon before it is in the fleet. */
export interface Daemons {
  readUri(uri: string): ReadCredentials;
  readParts(parts: NodeCredentials): ReadCredentials;
  readChange(parts: CredentialChange): ReadChange;
  check(credentials: NodeCredentials): Promise<NodeCheck>;
  /** @param pem of one certificate */
  pinOf(pem: string): Pin;
  open(id: OwnNode['id'], credentials: NodeCredentials): LightningNode;
}

export interface OwnFleet {
  readonly db: Db;
  readonly configured: readonly ConfiguredNode[];
  readonly vault: Vault;
  readonly daemons: Daemons;
  /** See `OwnNode.holder`. */
  readonly holder: string;
  /** With which version of their credentials nodes of the vault were opened here. */
  readonly opened: Map<OwnNode['id'], number>;
}

/** @throws Problem config_invalid: a file or a variable that is named is not there; vault_other_key */
export async function readOwnNodes(fleet: OwnFleet): Promise<OwnNode[]> {
  const stored = await fleet.vault.list(fleet.db.read);
  if (stored.length > 0 && stored.every(({ unsealed }) => unsealed.kind === 'other_key')) {
    throw new Problem(
      'vault_other_key',
      `vault.key_file: the credentials of ${stored.map(({ id }) => id).join(', ')} were sealed with another key than this one.`,
      { field: 'vault.key_file' },
    );
  }
  const named = fleet.configured.map((node) => configuredNode(fleet, node, stored));
  const added = stored.filter(({ id }) => fleet.configured.every((node) => node.id !== id));
  return [...named, ...added.map((node) => storedNode(fleet, node, node))];
}

function configuredNode(fleet: OwnFleet, node: ConfiguredNode, stored: readonly StoredNode[]): OwnNode {
  const { id, credentials: source } = node;
  if (source.kind !== 'vault')
    return ownNode(node, fleet.daemons.open(id, readSource(fleet.daemons, node)), fleet.holder);
  const entry = stored.find((each) => each.id === id);
  if (entry !== undefined) return storedNode(fleet, node, entry);
  return ownNode(
    node,
    absentNode(`the vault has no credentials of ${id}; give them with \`argosy node add ${id}\``),
    fleet.holder,
  );
}

const WHY: Readonly<Record<'other_key' | 'damaged', string>> = {
  other_key: 'were sealed with another key',
  damaged: 'are damaged: they are not what was sealed',
};

/** A node of the vault, opened with what lies there. */
export function storedNode(
  { daemons, holder, opened }: OwnFleet,
  entry: VaultEntry,
  { id, version, unsealed }: StoredNode,
): OwnNode {
  opened.set(id, version);
  if (unsealed.kind === 'credentials') return ownNode(entry, daemons.open(id, unsealed.credentials), holder);
  return ownNode(
    entry,
    absentNode(
      `the credentials of ${id} ${WHY[unsealed.kind]}; \`argosy node remove ${id}\`, and add it again`,
    ),
    holder,
  );
}

/** A node of the fleet, whose daemon outlives this process. */
export const ownNode = (entry: VaultEntry, node: LightningNode, holder: string): OwnNode => ({
  id: entry.id,
  region: entry.region,
  driver: entry.driver,
  exposureMsatMax: entry.exposureMsatMax,
  node,
  holder,
});

/** @throws Problem config_invalid */
function readSource(daemons: Daemons, { id, credentials: source }: ConfiguredNode): NodeCredentials {
  const field = `nodes: ${id}: credentials`;
  const read = readGiven(daemons, source, field);
  if (read.kind === 'credentials') return read.credentials;
  throw new Problem('config_invalid', `${field}: ${read.detail}.`, { field });
}

function readGiven(daemons: Daemons, source: CredentialSource, field: string): ReadCredentials {
  switch (source.kind) {
    case 'uri_file':
      return daemons.readUri(readFile(source.file, field).toString('utf8'));
    case 'uri_env':
      return readVariable(daemons, source.name);
    case 'files':
      return daemons.readParts({
        address: source.address,
        certificates: [readFile(source.certFile, field).toString('utf8')],
        macaroon: readFile(source.macaroonFile, field).toString('hex'),
      });
    case 'vault':
      return { kind: 'fault', detail: 'they are in the vault' };
  }
}

function readVariable(daemons: Daemons, name: string): ReadCredentials {
  const uri = process.env[name];
  return uri ? daemons.readUri(uri) : { kind: 'fault', detail: `the environment has no ${name}` };
}

function readFile(file: string, field: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    throw new Problem('config_invalid', `${field}: ${file} cannot be read; check the path and its rights.`, {
      field,
    });
  }
}
