/** The vault: what opens the own nodes, sealed in the database. What it gives out is never printed, never logged. */
import type { Statements, Tx } from '../kit/db.ts';
import { type SealKey, seal, sealKeyId, unseal } from '../kit/seal.ts';
import type { NodeId } from '../lightning/ids.ts';
import type { Msat } from '../money/msat.ts';
import type { NodeCredentials } from '../nodes/credentials.ts';

export interface VaultEntry {
  readonly id: NodeId;
  readonly region: string;
  readonly driver: 'lnd';
  /** Null: no limit. */
  readonly exposureMsatMax: Msat | null;
}

export type Unsealed =
  | { readonly kind: 'credentials'; readonly credentials: NodeCredentials }
  /** Sealed with another key; or not what was sealed, about this node, at all. */
  | { readonly kind: 'other_key' | 'damaged' };

interface Row {
  readonly node_id: NodeId;
  readonly region: string;
  readonly driver: 'lnd';
  readonly exposure_msat_max: Msat | null;
  readonly version: number;
  readonly key_id: string;
  readonly sealed: Buffer;
}

/** `version`: one more with each change. */
export type StoredNode = VaultEntry & { readonly version: number; readonly unsealed: Unsealed };

export interface Vault {
  list(read: Statements): Promise<readonly StoredNode[]>;
  /** Of each node that has credentials here. */
  versions(read: Statements): Promise<ReadonlyMap<NodeId, number>>;
  find(read: Statements, id: NodeId): Promise<StoredNode | null>;
  /** Puts it in the place of what is there. Gives its version. */
  put(tx: Tx, entry: VaultEntry, credentials: NodeCredentials): Promise<number>;
  remove(tx: Tx, id: NodeId): Promise<void>;
}

const COLUMNS = 'node_id, region, driver, exposure_msat_max, version, key_id, sealed';
const aboutOf = (id: NodeId, version: number): string => `argosy node credentials\n${id}\n${version}`;

export function openVault(key: SealKey): Vault {
  const keyId = sealKeyId(key);

  function unsealed(row: Row): Unsealed {
    if (row.key_id !== keyId) return { kind: 'other_key' };
    const text = unseal(key, row.sealed, aboutOf(row.node_id, row.version));
    return text === null ? { kind: 'damaged' } : { kind: 'credentials', credentials: JSON.parse(text) };
  }
  const entryOf = (row: Row): StoredNode => ({
    id: row.node_id,
    region: row.region,
    driver: row.driver,
    exposureMsatMax: row.exposure_msat_max,
    version: row.version,
    unsealed: unsealed(row),
  });

  return {
    async list(read) {
      const rows = await read.query<Row>(`select ${COLUMNS} from node_credentials order by node_id`);
      return rows.map(entryOf);
    },
    async versions(read) {
      const rows = await read.query<Pick<Row, 'node_id' | 'version'>>(
        'select node_id, version from node_credentials',
      );
      return new Map(rows.map(({ node_id, version }) => [node_id, version]));
    },
    async find(read, id) {
      const row = await read.maybe<Row>(`select ${COLUMNS} from node_credentials where node_id = $1`, [id]);
      return row === null ? null : entryOf(row);
    },
    async put(tx, { id, region, driver, exposureMsatMax }, credentials) {
      const at = await tx.maybe<{ version: number }>(
        'select version from node_credentials where node_id = $1 for update',
        [id],
      );
      const version = (at?.version ?? 0) + 1;
      const sealed = seal(key, JSON.stringify(credentials), aboutOf(id, version));
      await tx.query(
        `insert into node_credentials (${COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (node_id) do update set region = $2, driver = $3, exposure_msat_max = $4, version = $5, key_id = $6,
           sealed = $7, changed_at = now()`,
        [id, region, driver, exposureMsatMax, version, keyId, sealed],
      );
      return version;
    },
    async remove(tx, id) {
      await tx.query('delete from node_credentials where node_id = $1', [id]);
    },
  };
}
