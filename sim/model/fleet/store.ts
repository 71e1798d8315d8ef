import type * as product from '../../../src/fleet/store.ts';
import { nodeAccounts } from '../../../src/ledger/account.ts';
import type { NodeId } from '../../../src/lightning/ids.ts';
import { msat } from '../../../src/money/msat.ts';
import type { Cursor } from '../../../src/nodes/node.ts';
import { statement } from '../database.ts';
import type { NodeData, SessionData } from '../schema.ts';
import type { Row } from '../table.ts';
import type { Session } from '../transaction.ts';

type Product = typeof product;

const toRow = (node: NodeData | null): product.NodeRow | null => {
  if (node === null) return null;
  const { created_at: _, ...row } = node;
  return row as product.NodeRow;
};

export const findNode: Product['findNode'] = (read, id) =>
  statement(read, 'findNode', (s) => toRow(s.get(s.tables.node.by.node_pkey, id)));

export const findNodeByPubkey: Product['findNodeByPubkey'] = (read, pubkey) =>
  statement(read, 'findNodeByPubkey', (s) => toRow(s.get(s.tables.node.by.node_pubkey_key, pubkey)));

export const countOpenParts: Product['countOpenParts'] = (read, id) =>
  statement(read, 'countOpenParts', (s) => s.list(s.tables.part.by.open, id).length);

export const insertNode: Product['insertNode'] = (tx, row) =>
  statement(tx, 'insertNode', (s) => s.insert(s.tables.node, { ...row, created_at: s.now }));

/** The session's row if it fits, as `where node_id = $1 and ...`. */
const sessionOf = (
  s: Session,
  id: string,
  fits: (session: SessionData) => boolean = () => true,
): Row<SessionData>[] =>
  s.list(s.tables.node_session.by.node_session_pkey, id).filter((row) => fits(s.see(row) as SessionData));

export const takeLease: Product['takeLease'] = (tx, id, owner, ttlMs) =>
  statement(tx, 'takeLease', async (s) => {
    const isFree = (session: SessionData): boolean => session.expires_at < s.now || session.owner === owner;
    const expires_at = s.now + ttlMs;
    const nothing = { cursor: null, panic_seen: 0n, imported_epoch: 0n, waived_epoch: 0n, trouble: null };
    const first = { node_id: id, owner, token: 1n, expires_at, ...nothing };
    if (await s.insertNew(s.tables.node_session, first)) return { token: 1n, cursor: null };
    const [taken] = await s.update(sessionOf(s, id), (session) =>
      isFree(session) ? { ...session, owner, token: session.token + 1n, expires_at, trouble: null } : null,
    );
    return taken === undefined ? null : { token: taken.token, cursor: taken.cursor as Cursor | null };
  });

const isAlive = (session: SessionData | null, now: number): session is SessionData =>
  session !== null && session.expires_at > now;

export const isOthers: Product['isOthers'] = (read, id, owner) =>
  statement(read, 'isOthers', (s) => {
    const session = s.get(s.tables.node_session.by.node_session_pkey, id);
    return session !== null && session.owner !== owner && session.expires_at >= s.now;
  });

export const readOwners: Product['readOwners'] = (read) =>
  statement(
    read,
    'readOwners',
    (s) =>
      new Map(
        s
          .where(s.tables.node_session, () => true)
          .map((row) => s.see(row))
          .filter((session) => isAlive(session, s.now))
          .map(({ node_id, owner, trouble }) => [node_id as NodeId, { owner, trouble }]),
      ),
  );

export const tellTrouble: Product['tellTrouble'] = (tx, id, token, trouble) =>
  statement(tx, 'tellTrouble', async (s) => {
    await updateOwn(s, id, token, (row) => ({ ...row, trouble }));
  });

/** `update node_session ... where node_id = $1 and token = $2`: how many. */
const updateOwn = async (
  s: Session,
  id: string,
  token: bigint,
  change: (session: SessionData) => SessionData,
): Promise<number> => {
  const isOwn = (session: SessionData): boolean => session.token === token;
  return (await s.update(sessionOf(s, id, isOwn), (row) => (isOwn(row) ? change(row) : null))).length;
};

export const renewLease: Product['renewLease'] = (tx, id, token, ttlMs) =>
  statement(
    tx,
    'renewLease',
    async (s) => (await updateOwn(s, id, token, (row) => ({ ...row, expires_at: s.now + ttlMs }))) === 1,
  );

export const releaseLease: Product['releaseLease'] = (tx, id, token) =>
  statement(tx, 'releaseLease', async (s) => {
    await updateOwn(s, id, token, (row) => ({ ...row, expires_at: s.now }));
  });

export const lockSession: Product['lockSession'] = (tx, id, token) =>
  statement(tx, 'lockSession', async (s) => {
    const isOwn = (session: SessionData): boolean => session.token === token;
    const [row] = sessionOf(s, id, isOwn);
    const session = row === undefined ? null : await s.hold(row, 'update');
    return session !== null && isOwn(session) ? { cursor: session.cursor as Cursor | null } : null;
  });

export const moveCursor: Product['moveCursor'] = (tx, id, cursor) =>
  statement(tx, 'moveCursor', async (s) => {
    await s.update(sessionOf(s, id), (session) => ({ ...session, cursor }));
  });

export const readNodeBooks: Product['readNodeBooks'] = (read, id, { channels, inFlight, onchain }) =>
  statement(read, 'readNodeBooks', (s) => {
    const { account, part, payment, foreign_part } = s.tables;
    const balance = (accountId: string) => s.get(account.by.account_pkey, accountId)?.balance_msat ?? null;
    const parts = s
      .list(part.by.open, id)
      .map((row) => s.see(row))
      .filter((data) => data !== null)
      .sort((one, other) => (one.id < other.id ? -1 : 1))
      .map(({ id: partId, payment_id, amount_msat, fee_msat }) => ({
        id: partId,
        payment_hash: s.get(payment.by.payment_pkey, payment_id)?.payment_hash ?? '',
        msat: `${amount_msat + fee_msat}`,
      }));
    const foreign = s
      .list(foreign_part.by.open, id)
      .map((row) => s.see(row))
      .filter((data) => data !== null)
      .map(({ token, payment_hash, amount_msat, fee_msat }) => ({
        id: `foreign:${token}`,
        payment_hash,
        msat: `${amount_msat + fee_msat}`,
      }));
    return {
      channels_msat: balance(channels),
      in_flight_msat: balance(inFlight),
      onchain_msat: balance(onchain),
      parts: [...foreign, ...parts].sort((one, other) => (one.id < other.id ? -1 : 1)),
    } as product.NodeBooks;
  });

export const readExposures: Product['readExposures'] = (read, nodes) =>
  statement(read, 'readExposures', (s) => {
    const held = (node: (typeof nodes)[number]): bigint => {
      const { channels, inFlight, onchain, settling } = nodeAccounts(node);
      const balances = [channels, inFlight, onchain, settling].map(
        ({ id }) => s.get(s.tables.account.by.account_pkey, id)?.balance_msat ?? 0n,
      );
      return balances.reduce((total, each) => total + each, 0n);
    };
    return new Map(nodes.map((node) => [node, msat(held(node) > 0n ? held(node) : 0n)]));
  });

export const hasPracticeNodes: Product['hasPracticeNodes'] = (read) =>
  statement(
    read,
    'hasPracticeNodes',
    (s) => s.where(s.tables.node, (row) => row.driver === 'ldk').length > 0,
  );

export const answers: Product['answers'] = (read) => statement(read, 'answers', () => undefined);
