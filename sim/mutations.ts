/** Each takes one fence away, in the text of a module as it is loaded. The simulation must find every one. */
import type { FaultName } from './faults.ts';
import type { Rewrite } from './substitute.ts';

export interface Mutation {
  readonly name: string;
  /** Looked for in seeds of this fault, which is rare in the mix. Default: in the mix. */
  readonly fault?: FaultName;
  readonly rewrites: readonly Rewrite[];
}

const change = (file: string, find: string, put: string): Rewrite => ({ file, find, put });
const mutation = (name: string, ...rewrites: Rewrite[]): Mutation => ({ name, rewrites });

const SENDING = 'src/payments/sending.ts';
const DECISION = 'src/payments/payment.ts';
const SCHEMA = 'sim/model/schema.ts';

// Where a fence is a constraint or a condition in SQL, its line in the model of the store goes: sim/model/agree.test.ts
// shows that the two are one.
export const MUTATIONS: readonly Mutation[] = [
  mutation(
    'unique obligation',
    change(SCHEMA, 'obligation_source_key: ({ source }) => source', 'obligation_source_key: () => null'),
    change('src/kit/idempotency.ts', 'if (!(await takeKey(tx, request))) {', 'if (false) {'),
  ),
  mutation('hash claim', change('src/payments/service.ts', 'payment.id))) {', 'payment.id)) && false) {')),
  mutation(
    'intent first',
    change(
      'src/payments/apply.ts',
      "    case 'send':\n    case 'resolve':\n",
      `    case 'send': {
      const { payment: { paymentHash, amountMsat }, paymentSecret, paymentMetadata } = stored;
      const { token, route, nodeId } = effect.part;
      const order = { token, paymentHash, paymentSecret, paymentMetadata, totalMsat: amountMsat, route };
      void context.fleet().get(nodeId).node.sendPart(order).catch(() => undefined);
      return addEffect(tx, { kind: 'part.resolve', key: token, payload: { token }, nodeId });
    }
    case 'resolve':
`,
    ),
    change(
      SENDING,
      "if (open === null || open.part.state === 'planned') return conclude",
      'if (open === null) return conclude',
    ),
  ),
  mutation(
    'hold',
    change('src/payments/service.ts', 'post(tx, bookHold(payment.id, payer, amountMsat + limit));', ''),
  ),
  mutation('one send of an effect', change(SENDING, 'effect.attempts > 1 || ', '')),
  mutation(
    'no send by a late claim, nor without a lease',
    change(SENDING, 'clock.elapsed() - claimedAt > SEND_WITHIN_MS', 'false'),
    change('src/fleet/lease.ts', ' && clock.elapsed() < heldUntil', ''),
  ),
  mutation(
    'a node refuses what comes too late',
    change(SENDING, 'clearance.at + VALID_MS', 'Number.POSITIVE_INFINITY'),
  ),
  mutation(
    'no failover on unknown',
    change(
      SENDING,
      "return conclude(context, effect, open, { kind: 'unanswered', token, sendMs });",
      "return conclude(context, effect, open, { kind: 'failed', token, reason: 'node_down', sendMs });",
    ),
  ),
  mutation('absence is waited for', change(SENDING, 'if (wait > 0) return later', 'if (false) return later')),
  mutation(
    'pending HTLCs are proof',
    change(SENDING, ' || (await isPending(node, part, stored.payment))', ''),
  ),
  {
    ...mutation(
      'what was forgotten is not failed',
      change(SENDING, "if (part.state === 'in_flight') return forgotten", 'if (false) return forgotten'),
    ),
    fault: 'history_lost',
  },
  mutation(
    'a preimage must match',
    change(DECISION, 'bytesToHex(sha256(hexToBytes(preimage))) === paymentHash;', 'true || paymentHash;'),
  ),
  mutation(
    'every part must have ended',
    change(DECISION, 'if (payment.parts.some(isOpen)) {', 'if (payment.parts.every(isOpen)) {'),
  ),
  mutation(
    'unique credit',
    change('src/payments/receive.ts', "(row.state === 'settled' && !row.internal)", '(false)'),
    change(
      'src/payments/receive.ts',
      "  if (row.state === 'settled') {\n    const message",
      '  if (false) {\n    const message',
    ),
    change(
      SCHEMA,
      'transfer_once: ({ source, reason }) => keyed(source, reason)',
      'transfer_once: () => null',
    ),
  ),
  mutation(
    'own invoices are cancelled first',
    change(
      SENDING,
      'const answer = await node.cancelInvoice(stored.payment.paymentHash);',
      "const answer = { kind: 'cancelled', preimage: null } as Awaited<ReturnType<typeof node.cancelInvoice>>;",
    ),
  ),
  mutation(
    'session lease',
    change('sim/model/fleet/store.ts', 'session.expires_at < s.now || session.owner === owner', 'true'),
    change(
      'sim/model/fleet/store.ts',
      "statement(tx, 'lockSession', async (s) => {\n    const isOwn = (session: SessionData): boolean => session.token === token;",
      "statement(tx, 'lockSession', async (s) => {\n    const isOwn = (_: SessionData): boolean => true;",
    ),
  ),
  mutation(
    'each event is booked once',
    change('src/fleet/session.ts', 'piece.slice(done + 1)', 'piece.slice(0)'),
  ),
  mutation(
    'an effect has one worker',
    change('sim/model/kit/effect-store.ts', 'attempts: effect.attempts + 1,', 'attempts: 1,'),
    change(
      'sim/model/kit/effect-store.ts',
      'claim: effect.claim + 1n,\n        run_after: s.now + CLAIM_MS,',
      'run_after: s.now,',
    ),
  ),
  mutation(
    'nothing is sent in an unknown past',
    change('src/payments/service.ts', '  refuseInUnknownPast(await readPast(tx));\n', ''),
    change(SENDING, 'if (panic || unimported)', 'if (panic)'),
    change(SENDING, 'if (!past.current || past.unimported.length > 0)', 'if (false)'),
  ),
  mutation(
    'no account below zero',
    change('sim/model/ledger/store.ts', 'next.floored && next.balance_msat < 0n', 'false'),
    change(SCHEMA, "'account_floor'", 'null'),
  ),
];
