/** The careful client against an Argosy that is killed in the midst of its answers. */
import { describe, expect, it } from 'vitest';
import { fromSat } from '../../src/money/msat.ts';
import { type Argosy, ArgosyProblem, OutcomeUnknown, Unreachable } from '../../src/sdk/index.ts';
import { Closed, createDoor, inTurn } from './door.ts';
import { askFor, runErrand, runSecond } from './errand.ts';

// The first example of BOLT 11 with an amount.
const INVOICE =
  'lnbc2500u1pvjluezsp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygspp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdq5xysxxatsyp3k7enxv4jsxqzpu9qrsgquk0rl77nj30yxdy8j9vdx85fkpmdla2087ne0xh8nhedh8w27kyke0lp53ut353s06fv3qfegext0eh0ymjpf39tuven09sam30g4vgpfna3rh';
const HASH = '0001020304050607080900010203040506070809000102030405060708090102';
const PREIMAGE = '11'.repeat(32);

const errand = (direction: 'out' | 'in') =>
  askFor('test', 7, { direction, person: 'merchant', amountMsat: fromSat(1_000n) });
const problem = (code: string, retryable: boolean, reason?: string) =>
  new ArgosyProblem({ code, retryable, ...(reason === undefined ? {} : { reason }) }, 409, true);

interface Fakes {
  readonly pay?: (key: string | undefined) => Promise<{ id: string }>;
  readonly end?: () => Promise<{ state: string; failure: string | null }>;
  readonly state?: () => string;
  readonly payAs?: () => Promise<{ preimage: string }>;
}

/** What the errands ask of the client, and what was asked of it. */
function fake({ pay, end, state, payAs }: Fakes) {
  const said: string[] = [];
  const argosy = {
    async pay(_: unknown, options?: { idempotencyKey?: string }) {
      said.push(`pay ${options?.idempotencyKey}`);
      return pay === undefined ? { id: 'pay_1' } : pay(options?.idempotencyKey);
    },
    waitForPayment: () => end?.() ?? Promise.resolve({ state: 'settled', failure: null }),
    async invoice() {
      said.push('invoice');
      return { id: 'inv_1', invoice: INVOICE };
    },
    invoiceById: async () => ({ state: state?.() ?? 'new' }),
    practice: {
      async invoiceAs() {
        said.push('ask');
        return { invoice: INVOICE };
      },
      async payAs() {
        said.push('payAs');
        return payAs === undefined ? { preimage: PREIMAGE } : payAs();
      },
    },
  };
  return { said, argosy: argosy as unknown as Argosy };
}

const lost = () => Promise.reject(new OutcomeUnknown('lost'));

describe('an errand', () => {
  it('that nothing happens to is done once', async () => {
    const [door, { said, argosy }] = [createDoor(), fake({})];
    door.open(argosy);
    const asked = errand('out');
    await runErrand(door, asked);
    expect(said).toEqual(['ask', 'pay crash-test-7']);
    expect(asked).toMatchObject({ end: 'settled', hash: HASH, ids: new Set(['pay_1']), inDoubt: false });
  });

  it('whose answer is lost in a kill is sent again, unchanged and under its key, to the next Argosy', async () => {
    const door = createDoor();
    const first = fake({
      async pay() {
        door.close();
        return lost();
      },
    });
    const second = fake({});
    door.open(first.argosy);
    const asked = errand('out');
    const done = runErrand(door, asked);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([first.said, asked.end]).toEqual([['ask', 'pay crash-test-7'], null]);
    // The next one is killed before it is ready.
    door.close();
    door.open(second.argosy);
    await done;
    expect(second.said).toEqual(['pay crash-test-7']);
    expect(asked).toMatchObject({ end: 'settled', inDoubt: true });
  });

  it('goes to another Argosy when one does not answer, under the same key', async () => {
    const doors = [createDoor(), createDoor()];
    const frozen = fake({ pay: lost });
    const other = fake({});
    const asked = errand('out');
    doors[1]?.open(frozen.argosy);
    doors[0]?.open(other.argosy);
    await runErrand(inTurn(doors), asked);
    expect([frozen.said, other.said]).toEqual([['ask', 'pay crash-test-7'], ['pay crash-test-7']]);
    expect(asked).toMatchObject({ end: 'settled', inDoubt: true });
    doors[1]?.close();
    const next = errand('in');
    await runErrand(inTurn(doors), next);
    expect(next.end).toBe('settled');
  });

  it('of a second client is about the same invoice, under another key', async () => {
    const [door, { said, argosy }] = [createDoor(), fake({})];
    door.open(argosy);
    const first = errand('out');
    const second = { ...errand('out'), key: 'another' };
    await Promise.all([runErrand(door, first), runSecond(door, first, second)]);
    expect(said).toEqual(['ask', 'pay crash-test-7', 'pay another']);
    expect(second).toMatchObject({ end: 'settled', hash: first.hash });
  });

  it('that may be sent again to the same Argosy is', async () => {
    const answers = [
      () => Promise.reject(problem('starting', true)),
      () => Promise.reject(new Unreachable('http://127.0.0.1:1', 'nothing listens there')),
      () => Promise.resolve({ id: 'pay_1' }),
    ];
    const [door, { said, argosy }] = [createDoor(), fake({ pay: () => (answers.shift() ?? lost)() })];
    door.open(argosy);
    const asked = errand('out');
    await runErrand(door, asked);
    expect(said.length).toBe(4);
    expect(asked).toMatchObject({ end: 'settled', inDoubt: false });
  });

  it('ends when it is refused or has failed, and says why', async () => {
    const door = createDoor();
    door.open(fake({ pay: () => Promise.reject(problem('insufficient_balance', false)) }).argosy);
    const refused = errand('out');
    await runErrand(door, refused);
    expect(refused).toMatchObject({ end: 'refused', reason: 'insufficient_balance' });
    door.open(fake({ end: async () => ({ state: 'failed', failure: 'NO_ROUTE' }) }).argosy);
    const failed = errand('out');
    await runErrand(door, failed);
    expect(failed).toMatchObject({ end: 'failed', reason: 'NO_ROUTE' });
  });

  it('is not begun once the door is locked', async () => {
    const door = createDoor();
    const done = runErrand(door, errand('out'));
    door.close();
    door.lock();
    await expect(done).rejects.toBeInstanceOf(Closed);
  });
});

describe('being paid', () => {
  it('keeps what the payer was told', async () => {
    const [door, { said, argosy }] = [createDoor(), fake({})];
    door.open(argosy);
    const asked = errand('in');
    await runErrand(door, asked);
    expect(said).toEqual(['invoice', 'payAs']);
    expect(asked).toMatchObject({ end: 'settled', preimage: PREIMAGE, ids: new Set(['inv_1']) });
  });

  it('looks, before anybody pays again, whether the invoice is paid', async () => {
    let state = 'new';
    const payAs = async () => {
      state = 'settled';
      return lost();
    };
    const [door, { said, argosy }] = [createDoor(), fake({ payAs, state: () => state })];
    door.open(argosy);
    const asked = errand('in');
    await runErrand(door, asked);
    expect(said).toEqual(['invoice', 'payAs']);
    expect(asked).toMatchObject({ end: 'settled', inDoubt: true, preimage: null });
  });

  it('takes no refusal for an end while an earlier try is in doubt', async () => {
    let tries = 0;
    const payAs = () =>
      ++tries === 1 ? lost() : Promise.reject(problem('practice_payment_failed', false, 'payee_refused'));
    const state = () => (tries < 3 ? 'new' : 'settled');
    const [door, { said, argosy }] = [createDoor(), fake({ payAs, state })];
    door.open(argosy);
    const asked = errand('in');
    await runErrand(door, asked);
    expect(said).toEqual(['invoice', 'payAs', 'payAs', 'payAs']);
    expect(asked).toMatchObject({ end: 'settled', inDoubt: true });
  });

  it('ends when the payer found no way', async () => {
    const payAs = () => Promise.reject(problem('practice_payment_failed', false, 'no_route'));
    const [door, { argosy }] = [createDoor(), fake({ payAs })];
    door.open(argosy);
    const asked = errand('in');
    await runErrand(door, asked);
    expect(asked).toMatchObject({ end: 'failed', reason: 'no_route', inDoubt: false });
  });
});
