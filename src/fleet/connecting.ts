/** Own nodes come, change their credentials, and go, while Argosy runs: each is checked where it will be used. */
import type { Tx } from '../kit/db.ts';
import { Problem } from '../kit/problems.ts';
import type { NodeId } from '../lightning/ids.ts';
import { formatSat, type Msat } from '../money/msat.ts';
import { type CheckLine, type NodeCheck, type Pin, passed } from '../nodes/check.ts';
import type { CredentialChange, NodeCredentials } from '../nodes/credentials.ts';
import type { Fleet, OwnNode } from './fleet.ts';
import type { Joining } from './member.ts';
import { countOpenOrders } from './order-store.ts';
import { type OwnFleet, storedNode } from './own-nodes.ts';
import { rotate } from './rotation_plan.ts';
import { countOpenParts, findNode, findNodeByPubkey, readExposures } from './store.ts';
import type { StoredNode, VaultEntry } from './vault.ts';

export interface NodeOrder {
  readonly id: NodeId;
  /** Null: as `argosy.yaml` says, else the node's own name. */
  readonly region: string | null;
  readonly exposureMsatMax: Msat | null;
  readonly credentials: NodeCredentials;
}

/** How a node is reached, without its secrets. */
export interface NodeConnection {
  readonly address: string;
  readonly pins: readonly Pin[];
}

export interface Connecting {
  /** Looks, and stores nothing. */
  check(order: NodeOrder): Promise<NodeCheck>;
  /** @throws Problem node_exists, node_check_failed, node_credentials_elsewhere */
  add(order: NodeOrder): Promise<{ readonly check: NodeCheck; readonly joining: Joining }>;
  /**
   * New credentials of the same node; a certificate is pinned beside the old one. Nothing changes where the check fails,
   * but that a certificate may be pinned for a node that does not answer.
   * @throws Problem node_unknown, node_check_failed, node_credentials_elsewhere, node_credentials_invalid
   */
  rotate(
    id: NodeId,
    change: CredentialChange,
  ): Promise<{ readonly check: NodeCheck; readonly pins: readonly Pin[] }>;
  /** Ends a rotation: only the new certificate stays pinned. @throws as `rotate`; Problem node_rotation_pending */
  endRotation(id: NodeId): ReturnType<Connecting['rotate']>;
  /**
   * Forgets the credentials, and lets the node leave; its history stays.
   * @param force also where the books say that the node holds something; never while parts are under way
   * @returns what it holds by the books, and whether `argosy.yaml` names it
   * @throws Problem node_unknown, node_in_use
   */
  remove(id: NodeId, force: boolean): Promise<{ readonly holdsMsat: bigint; readonly configured: boolean }>;
  /** Takes over what other processes have changed: nodes that came, went, or have new credentials. */
  follow(): Promise<void>;
  /** Null: its credentials are not in the vault, or cannot be read. */
  connection(id: NodeId): Promise<NodeConnection | null>;
}

type Context = OwnFleet & { readonly fleet: Fleet };

export function openConnecting(context: Context): Connecting {
  const { db, vault, daemons, configured, fleet } = context;
  const inTurn = oneByOne();

  const check = (id: NodeId, credentials: NodeCredentials) => checkNode(context, id, credentials);
  const pinsOf = ({ certificates }: NodeCredentials): Pin[] => certificates.map(daemons.pinOf);
  const entryOf = ({ id, region, exposureMsatMax }: NodeOrder): VaultEntry => {
    const named = configured.find((node) => node.id === id);
    return {
      id,
      region: region ?? named?.region ?? id,
      driver: 'lnd',
      exposureMsatMax: exposureMsatMax ?? named?.exposureMsatMax ?? null,
    };
  };

  async function refuseKnown(id: NodeId): Promise<void> {
    const named = configured.find((node) => node.id === id);
    if (named !== undefined && named.credentials.kind !== 'vault') throw elsewhere(id);
    if ((await vault.find(db.read, id)) === null) return;
    throw new Problem(
      'node_exists',
      `id: there is a node ${id}; new credentials for it: \`argosy node rotate ${id}\`.`,
      {
        field: 'id',
      },
    );
  }

  /** Opens the node anew; what it was opened with before is closed. */
  async function reopen(entry: VaultEntry, stored: StoredNode): Promise<Joining> {
    await close(fleet, entry.id);
    return fleet.join(storedNode(context, entry, stored));
  }

  /** Stores new credentials, and opens the node with them. */
  async function store(entry: VaultEntry, credentials: NodeCredentials): Promise<Joining> {
    const version = await db.tx((tx: Tx) => vault.put(tx, entry, credentials));
    return reopen(entry, { ...entry, version, unsealed: { kind: 'credentials', credentials } });
  }

  const holdings = async (id: NodeId) => ({
    parts: await countOpenParts(db.read, id),
    orders: await countOpenOrders(db.read, id),
    msat: (await readExposures(db.read, [id])).get(id) ?? 0n,
  });

  /** A payment may have chosen the node meanwhile: then it stays. */
  async function letGo(own: OwnNode): Promise<void> {
    await fleet.leave(own.id);
    const holds = await holdings(own.id);
    if (isBusy(holds)) {
      await fleet.join(own);
      throw inUse(own.id, holds);
    }
    await own.node.stop();
  }

  async function stored(id: NodeId): Promise<StoredNode & { readonly credentials: NodeCredentials }> {
    const entry = await vault.find(db.read, id);
    if (entry?.unsealed.kind === 'credentials') return { ...entry, credentials: entry.unsealed.credentials };
    if (entry === null && fleet.nodes.every((own) => own.id !== id)) throw unknown(id);
    throw elsewhere(id);
  }

  async function change(entry: StoredNode, credentials: NodeCredentials, checked: NodeCheck) {
    await store(entry, credentials);
    return { check: checked, pins: pinsOf(credentials) };
  }

  return {
    check: ({ id, credentials }) => check(id, credentials),
    add: (order) =>
      inTurn(async () => {
        await refuseKnown(order.id);
        const checked = await check(order.id, order.credentials);
        demandPassed(checked);
        const entry = entryOf(order);
        return { check: checked, joining: await store(entry, order.credentials) };
      }),
    rotate: (id, wanted) =>
      inTurn(async () => {
        const entry = await stored(id);
        const credentials = rotate(entry.credentials, wanted);
        const checked = await check(id, credentials);
        if (!mayPinUnseen(wanted, checked)) demandPassed(checked);
        return change(entry, credentials, checked);
      }),
    endRotation: (id) =>
      inTurn(async () => {
        const entry = await stored(id);
        const checked = await check(id, entry.credentials);
        demandPassed(checked);
        const { certificates } = entry.credentials;
        const shown = certificates.filter(
          (pem) => daemons.pinOf(pem).fingerprint === checked.shown?.fingerprint,
        );
        if (certificates.length > 1 && shown[0] === certificates[0]) throw tooEarly(id);
        return change(entry, { ...entry.credentials, certificates: shown }, checked);
      }),
    remove: (id, force) =>
      inTurn(async () => {
        const own = fleet.nodes.find((each) => each.id === id);
        if (own === undefined && (await vault.find(db.read, id)) === null) throw unknown(id);
        const holds = await holdings(id);
        if (isBusy(holds) || (holds.msat > 0n && !force)) throw inUse(id, holds);
        if (own !== undefined) await letGo(own);
        await db.tx((tx: Tx) => vault.remove(tx, id));
        context.opened.delete(id);
        return { holdsMsat: holds.msat, configured: configured.some((node) => node.id === id) };
      }),
    follow: () =>
      inTurn(async () => {
        const versions = await vault.versions(db.read);
        for (const id of [...context.opened.keys()].filter((known) => !versions.has(known))) {
          context.opened.delete(id);
          await close(fleet, id);
        }
        for (const [id, version] of versions) {
          const named = configured.find((node) => node.id === id);
          const isElsewhere = named !== undefined && named.credentials.kind !== 'vault';
          if (isElsewhere || context.opened.get(id) === version) continue;
          const entry = await vault.find(db.read, id);
          if (entry !== null) await reopen(named ?? entry, entry);
        }
      }),
    async connection(id) {
      const entry = await vault.find(db.read, id);
      if (entry?.unsealed.kind !== 'credentials') return null;
      const { credentials } = entry.unsealed;
      return { address: credentials.address, pins: pinsOf(credentials) };
    },
  };
}

/** The daemon's own checklist, and whether it is who it must be. */
async function checkNode(
  { db, daemons }: Context,
  id: NodeId,
  credentials: NodeCredentials,
): Promise<NodeCheck> {
  const checked = await daemons.check(credentials);
  if (checked.pubkey === null) return checked;
  const [known, twin] = [await findNode(db.read, id), await findNodeByPubkey(db.read, checked.pubkey)];
  const identity = (state: CheckLine['state'], detail: string, fix: string | null): NodeCheck => ({
    ...checked,
    lines: [...checked.lines, { name: 'identity', state, detail, items: [], fix, command: null }],
  });
  if (known !== null && known.pubkey !== checked.pubkey) {
    return identity(
      'failed',
      `it is ${checked.pubkey}, and the books of ${id} are those of ${known.pubkey}`,
      'Give it another name: books stay with their node.',
    );
  }
  if (twin !== null && twin.id !== id) {
    return identity(
      'failed',
      `it is in the books already, as ${twin.id}`,
      `New credentials for it: argosy node rotate ${twin.id}. If it was removed: argosy node add ${twin.id}.`,
    );
  }
  return identity('done', known === null ? checked.pubkey : `${checked.pubkey}, as its books say`, null);
}

/** A new certificate may be pinned before the node shows it, also while it is down. */
const mayPinUnseen = ({ address, macaroon }: CredentialChange, { lines }: NodeCheck): boolean =>
  address === undefined &&
  macaroon === undefined &&
  lines.every(({ name, state }) => state !== 'failed' || name === 'address' || name === 'wallet');

function demandPassed(checked: NodeCheck): void {
  if (passed(checked)) return;
  const failed = checked.lines.filter(({ state }) => state === 'failed');
  throw new Problem('node_check_failed', failed.map(({ name, detail }) => `${name}: ${detail}`).join('; '), {
    extra: { checks: checked.lines },
  });
}

async function close(fleet: Fleet, id: NodeId): Promise<void> {
  const own = fleet.nodes.find((each) => each.id === id);
  if (own === undefined) return;
  await fleet.leave(id);
  await own.node.stop();
}

const unknown = (id: NodeId): Problem =>
  new Problem('node_unknown', `node: there is no ${id}; see \`argosy nodes\`.`, { field: 'node' });

const elsewhere = (id: NodeId): Problem =>
  new Problem(
    'node_credentials_elsewhere',
    `node: the vault has no readable credentials of ${id}; argosy.yaml says where they lie, or they were sealed with another key.`,
    { field: 'node' },
  );

const tooEarly = (id: NodeId): Problem =>
  new Problem(
    'node_rotation_pending',
    `node: ${id} still shows its old certificate. Let LND take the new one (it does when it starts), then end the rotation.`,
    { field: 'node' },
  );

interface Holdings {
  /** Of payments, and orders, without an end yet. */
  readonly parts: number;
  readonly orders: number;
  readonly msat: bigint;
}
const isBusy = ({ parts, orders }: Omit<Holdings, 'msat'>): boolean => parts + orders > 0;

function inUse(id: NodeId, { parts, orders, msat }: Holdings): Problem {
  const detail = isBusy({ parts, orders })
    ? `${id} has ${parts} parts of payments and ${orders} orders under way: drain it, and wait until they have ended. Nothing was removed.`
    : `${id} holds ${formatSat(msat)} sat by the books, which nobody proves once it is gone. Nothing was removed; with --yes (force) it is.`;
  return new Problem('node_in_use', `node: ${detail}`, {
    field: 'node',
    extra: { parts_under_way: parts, orders_under_way: orders, holds_msat: msat.toString() },
  });
}

/** One after another, in the order of asking: two additions of one name must not pass each other. */
function oneByOne(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}
