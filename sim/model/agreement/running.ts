/** What payments run on: effects, events, answered requests, the ledger, nodes and their sessions. */
import fc from 'fast-check';
import type { Principal } from '../../../src/access/permission.ts';
import type { Drain } from '../../../src/fleet/standing.ts';
import type { NodeRow } from '../../../src/fleet/store.ts';
import type { Effect } from '../../../src/kit/effect-store.ts';
import {
  type Account,
  BUSINESS,
  customerAccount,
  heldAccount,
  nodeAccounts,
  type Transfer,
} from '../../../src/ledger/account.ts';
import { type NodeId, nodeId } from '../../../src/lightning/ids.ts';
import type { Cursor } from '../../../src/nodes/node.ts';
import { atOnce, big, delay, NETWORK, node, oneOf, read, several, token, upTo, write } from './operation.ts';

const BOOKED: readonly Account[] = [
  BUSINESS,
  heldAccount(BUSINESS),
  nodeAccounts(nodeId('us')).channels,
  nodeAccounts(nodeId('us')).inFlight,
  nodeAccounts(nodeId('us')).settling,
];
const newAccount = oneOf(customerAccount('acme'), customerAccount('zoo'), BUSINESS);

const claimed = fc.record({ id: upTo(3).map((n) => BigInt(n + 1)), claim: big(2) }).map((of) => of as Effect);
const kind = oneOf('part.send', 'part.resolve');
const key = oneOf('a', 'b', 'c');
const lease = fc.record({ id: node, token: big(3), ttl: delay });
const principal = upTo(1).map((n): Principal => ({ id: `prn_${n}`, name: 'owner', permissions: ['*'] }));
const request = fc.record({ principalId: oneOf('prn_0', 'prn_9'), key, hash: oneOf('x', 'y') });

const oneOfTwo = (n: number): string => (n === 0 ? 'ldk' : 'lnd');

export const effects = [
  write(
    'addEffect',
    fc.record({ kind, key, nodeId: node, runInMs: delay, payload: fc.record({ n: upTo(3) }) }),
    (s, tx, effect) => s.effects.addEffect(tx, effect),
  ),
  write('addEffect at once', fc.tuple(kind, several('a', 'b', 'c')), (s, tx, [of, keys]) =>
    atOnce(keys.sort().map((each) => s.effects.addEffect(tx, { kind: of, key: each, payload: {} }))),
  ),
  write(
    'finishEffect at once',
    fc.uniqueArray(claimed, { selector: ({ id }) => id, maxLength: 3 }),
    (s, tx, all) => atOnce(all.map((of) => s.effects.finishEffect(tx, of))),
  ),
  write('addEffect of nobody', fc.record({ kind, key, payload: fc.constant({}) }), (s, tx, effect) =>
    s.effects.addEffect(tx, effect),
  ),
  write('hastenEffects', fc.tuple(kind, node, several('c', 'a', 'b')), (s, tx, [of, at, keys]) =>
    s.effects.hastenEffects(
      tx,
      of,
      at,
      keys.map((each) => ({ key: each, payload: { each } })),
    ),
  ),
  write('takeClaims', node, (s, tx, at) => s.effects.takeClaims(tx, at)),
  write('finishEffect', claimed, (s, tx, of) => s.effects.finishEffect(tx, of)),
  write('postponeEffect', fc.tuple(claimed, delay), (s, tx, [of, ms]) =>
    s.effects.postponeEffect(tx, of, ms),
  ),
  write('returnEffect', fc.tuple(claimed, delay), (s, tx, [of, ms]) => s.effects.returnEffect(tx, of, ms)),
  write(
    'claimEffects',
    fc.tuple(several('part.send', 'part.resolve'), several<NodeId>(nodeId('us'), nodeId('eu'))),
    (s, tx, [kinds, nodes]) => s.effects.claimEffects(tx, kinds, nodes, 100),
  ),
];

export const events = [
  write('announce', fc.tuple(oneOf('payment.settled', 'alarm'), upTo(3)), (s, tx, [type, n]) =>
    s.outbox.announce(tx, type, `pay_${n}`, { n }),
  ),
  write('announce at once', fc.array(upTo(3), { maxLength: 3 }), (s, tx, all) =>
    atOnce(all.map((n) => s.outbox.announce(tx, 'alarm', `pay_${n}`, { n }))),
  ),
  write('takeKey at once', fc.array(request, { maxLength: 2 }), (s, tx, all) =>
    atOnce(all.map((of) => s.answered.takeKey(tx, of))),
  ),
  write('numberEvents', oneOf(1, 2, 100), (s, tx, limit) => s.outbox.numberEvents(tx, limit)),
  read('readEvents', fc.tuple(big(3), oneOf(2, 100)), (s, _tx, [after, limit], db) =>
    s.outbox.readEvents(db, after, limit),
  ),
  read('lastEventId', fc.constant(null), (s, _tx, _none, db) => s.outbox.lastEventId(db)),
  write('takeKey', request, (s, tx, of) => s.answered.takeKey(tx, of)),
  write('storeResponse', fc.tuple(request, upTo(3)), (s, tx, [of, n]) =>
    s.answered.storeResponse(tx, of, { status: 200 + n, body: { n } }),
  ),
  read('findAnswered', request, (s, on, of) => s.answered.findAnswered(on, of)),
  write('insertPrincipal', principal, (s, tx, of) => s.access.insertPrincipal(tx, of)),
  write('insertKey', fc.tuple(principal, upTo(2), upTo(1)), (s, tx, [of, id, secret]) =>
    s.access.insertKey(tx, of, `key_${id}_${secret}`, `secret_${secret}`),
  ),
  read('findPrincipal', upTo(1), (s, on, secret) => s.access.findPrincipal(on, `secret_${secret}`)),
];

const transfer: fc.Arbitrary<Transfer> = fc
  .record({
    accounts: fc.shuffledSubarray([...BOOKED], { minLength: 2, maxLength: 2 }),
    amount: big(400),
    source: upTo(4).map((n) => `prt_${n}`),
    reason: oneOf('hold', 'sent'),
  })
  .map(({ accounts, amount, source, reason }) => {
    const [debit = BUSINESS, credit = BUSINESS] = accounts;
    return { debit, credit, amountMsat: amount, source, reason };
  });

export const money = [
  write('openAccounts', fc.array(newAccount, { minLength: 1, maxLength: 2 }), (s, tx, accounts) =>
    s.ledger.openAccounts(tx, accounts),
  ),
  write('openClaim', newAccount, (s, tx, account) => s.ledger.openClaim(tx, account)),
  write('moveDue', fc.array(transfer, { minLength: 1, maxLength: 3 }), async (s, tx, transfers) => {
    const books = { ...tx, due: [] };
    s.ledger.post(books, transfers);
    await s.ledger.moveDue(books);
  }),
  read('readBalances', several(...BOOKED.map(({ id }) => id)), (s, on, ids) =>
    s.ledger.readBalances(on, ids),
  ),
  read('readClaims', fc.constant(null), (s, on) => s.ledger.readClaims(on, { after: null, limit: 200 })),
  read('readTransfers', several('prt_0', 'prt_1', 'opening'), (s, on, sources) =>
    s.ledger.readTransfers(on, sources),
  ),
];

const drain = fc.record({
  cause: oneOf<Drain['cause']>('hand', 'rule', 'past'),
  reason: fc.constant('disk'),
  principal: fc.constant(null),
});

export const fleet = [
  write('insertNode', upTo(2), (s, tx, n) => {
    const row = { id: `n${n}`, region: 'r', driver: oneOfTwo(n), pubkey: `02${n % 2}`, network: NETWORK };
    return s.fleet.insertNode(tx, row as unknown as NodeRow);
  }),
  write('takeLease', fc.tuple(node, oneOf('one', 'other'), delay), (s, tx, [id, owner, ttl]) =>
    s.fleet.takeLease(tx, id, owner, ttl),
  ),
  write('renewLease', lease, (s, tx, { id, token: of, ttl }) => s.fleet.renewLease(tx, id, of, ttl)),
  write('releaseLease', lease, (s, tx, { id, token: of }) => s.fleet.releaseLease(tx, id, of)),
  write('lockSession', lease, (s, tx, { id, token: of }) => s.fleet.lockSession(tx, id, of)),
  write('moveCursor', fc.tuple(node, upTo(9)), (s, tx, [id, n]) =>
    s.fleet.moveCursor(tx, id, `${n}` as Cursor),
  ),
  write('tellTrouble', fc.tuple(lease, oneOf('no answer', null)), (s, tx, [{ id, token: of }, trouble]) =>
    s.fleet.tellTrouble(tx, id, of, trouble),
  ),
  write('beat', fc.tuple(oneOf('p0', 'p1'), oneOf('eu', null), delay), (s, tx, [id, region, aliveMs]) =>
    s.processes.beat(tx, { id, role: 'work', region }, aliveMs),
  ),
  write('leaveProcesses', oneOf('p0', 'p1'), (s, tx, id) => s.processes.leaveProcesses(tx, id)),
  write('putAnswer', key, (s, tx, of) => s.processes.putAnswer(tx, of, 'well')),
  write('takeAnswer', key, (s, tx, of) => s.processes.takeAnswer(tx, of)),
  read('findAnswer', key, (s, on, of) => s.processes.findAnswer(on, of)),
  read('isOthers', fc.tuple(node, oneOf('one', 'other')), (s, on, [id, owner]) =>
    s.fleet.isOthers(on, id, owner),
  ),
  read('readOwners', fc.constant(null), (s, on) => s.fleet.readOwners(on)),
  read('findNode', node, (s, on, id) => s.fleet.findNode(on, id)),
  read('findNodeByPubkey', upTo(1), (s, on, n) =>
    s.fleet.findNodeByPubkey(on, `02${n}` as NodeRow['pubkey']),
  ),
  read('countOpenParts', node, (s, on, id) => s.fleet.countOpenParts(on, id)),
  read('readNodeBooks', node, (s, on, id) => {
    const { channels, inFlight, onchain } = nodeAccounts(id);
    return s.fleet.readNodeBooks(on, id, {
      channels: channels.id,
      inFlight: inFlight.id,
      onchain: onchain.id,
    });
  }),
  read('readExposures', several(nodeId('us'), nodeId('eu')), async (s, on, ids) => {
    const exposures = await s.fleet.readExposures(on, ids);
    return ids.map((id) => exposures.get(id));
  }),
  read('hasPracticeNodes', fc.constant(null), (s, on) => s.fleet.hasPracticeNodes(on)),
  read('readPanic', fc.constant(null), (s, on) => s.switches.readPanic(on)),
  read('readDrains', fc.constant(null), (s, on) => s.switches.readDrains(on)),
  read('unconfirmed', big(2), (s, on, epoch) => s.switches.unconfirmed(on, epoch)),
  read('readClearance', token, async (s, on, of) => {
    const { at: _, ...clearance } = await s.switches.readClearance(on, of);
    return clearance;
  }),
  write('addDrain', fc.tuple(node, drain), (s, tx, [id, of]) => s.switches.addDrain(tx, id, of)),
  write('endDrains', fc.tuple(node, several<Drain['cause']>('hand', 'rule', 'past')), (s, tx, [id, causes]) =>
    s.switches.endDrains(tx, id, causes),
  ),
  write('switchPanic', fc.boolean(), (s, tx, on) =>
    s.switches.switchPanic(tx, { on, reason: 'fire', principal: 'prn_0' }),
  ),
  write('confirmPanic', fc.tuple(lease, big(2)), (s, tx, [{ id, token: of }, epoch]) =>
    s.switches.confirmPanic(tx, id, of, epoch),
  ),
];
