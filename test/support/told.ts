/** The stories of a fleet, told over whatever nodes it is made of: the product as a process, strangers to trade with. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeBolt11 } from '../../src/lightning/bolt11.ts';
import { createArgosy } from '../../src/sdk/index.ts';
import type { Product, Ready } from './product.ts';
import { eventually, type PaymentBody } from './well.ts';

export interface ToldFleet {
  /** The product over three own nodes: us, eu, asia. Started again after each `kill`. */
  launch(): Product;
  /** It listens here now. */
  isAt(ready: Ready): void;
  readonly people: {
    /** The merchant asks for money. @returns a BOLT 11 invoice */
    asks(sat: number): Promise<string>;
    /** Has the merchant been paid for it? As its own node says. */
    isPaid(bolt11: string): Promise<boolean>;
    /** The exchange pays. @throws where it cannot */
    pays(bolt11: string): Promise<void>;
  };
  /** SIGKILL, or what comes nearest to it. */
  die(node: string): Promise<void>;
  comeBack(node: string): Promise<void>;
  /** Its operator opens a channel of `sat` at the node, and closes it again when it is active; all is mined. */
  openAndClose(node: string, sat: number): Promise<void>;
  /** One block. */
  mine(): Promise<void>;
  /** HTLCs that hang at any node, as the nodes themselves say. */
  hanging(): Promise<number>;
  stop(): Promise<void>;
}

const STEP_MS = 90_000;
const PAYMENTS = 8;
const OPEN_SAT = 60_000;
const SEND_SAT = 40_000;
/** Less than either of the two, so that one done twice would show. */
const FEES_SAT = 20_000;
/** Nobody's that anybody here knows. */
const ADDRESS = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';

interface Ordered {
  readonly id: string;
  readonly state: string;
}

export function tellStories(kind: string, open: () => Promise<ToldFleet>): void {
  describe(`a fleet of ${kind}`, () => {
    let fleet: ToldFleet;
    let product: Product;
    let at: Ready;

    const launch = async (): Promise<void> => {
      product = fleet.launch();
      at = await product.ready;
      fleet.isAt(at);
      await eventually('all nodes are up', allUp, STEP_MS);
    };
    async function call<T>(method: 'GET' | 'POST', path: string, body?: unknown, key?: string): Promise<T> {
      const response = await fetch(`${at.api}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${at.key}`,
          'content-type': 'application/json',
          'idempotency-key': key ?? crypto.randomUUID(),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return (await response.json()) as T;
    }
    const states = async (): Promise<Record<string, string>> => {
      const { data } = await call<{ data: { id: string; state: string }[] }>('GET', '/v1/nodes');
      return Object.fromEntries(data.map(({ id, state }) => [id, state]));
    };
    const allUp = async (): Promise<boolean> => {
      const all = Object.values(await states());
      return all.length === 3 && all.every((state) => state === 'up');
    };
    const invoiceState = async (id: string): Promise<string> =>
      (await call<{ state: string }>('GET', `/v1/invoices/${id}`)).state;
    const ends = (id: string): Promise<PaymentBody> =>
      eventually(
        `${id} ends`,
        async () => {
          const payment = await call<PaymentBody>('GET', `/v1/payments/${id}`);
          return ['settled', 'failed'].includes(payment.state) && payment;
        },
        STEP_MS,
      );
    /** Asked again under the same key until there is an answer. */
    const pay = async (invoice: string): Promise<string> => {
      const key = crypto.randomUUID();
      const asked = await eventually(
        'an answer',
        () => call<PaymentBody>('POST', '/v1/payments', { invoice }, key).catch(() => null),
        STEP_MS,
      );
      expect(asked, JSON.stringify(asked)).toHaveProperty('id');
      return asked.id;
    };

    async function expectAllWell(): Promise<void> {
      await eventually('no HTLC hangs', async () => (await fleet.hanging()) === 0, STEP_MS);
      await eventually(
        'the books balance',
        async () => {
          const { difference_msat } = await call<{ difference_msat?: string }>('GET', '/v1/books/check');
          return difference_msat === '0';
        },
        STEP_MS,
      );
      const { data } = await call<{ data: { held_msat: string }[] }>('GET', '/v1/accounts');
      expect(data.map(({ held_msat }) => held_msat)).toEqual(data.map(() => '0'));
      const books = await call<{ nodes: { in_flight: unknown[] }[] }>('GET', '/v1/books/check');
      expect(books.nodes.flatMap((node) => node.in_flight)).toEqual([]);
    }

    /** Each ends as its payee says, and none is paid twice: the books would say so. */
    async function expectTruth(paid: readonly { invoice: string; id: string }[]): Promise<number> {
      let settled = 0;
      for (const { invoice, id } of paid) {
        const { state } = await ends(id);
        expect(await fleet.people.isPaid(invoice), `${id} ${state}`).toBe(state === 'settled');
        if (state === 'settled') settled++;
      }
      return settled;
    }

    beforeAll(async () => {
      fleet = await open();
      await launch();
    }, 180_000);
    afterAll(async () => {
      await product?.stop();
      await fleet?.stop();
    }, 60_000);

    it('pays and is paid, and its books agree with the nodes', { timeout: STEP_MS }, async () => {
      const argosy = createArgosy({ api: at.api, key: at.key });
      const payment = await argosy.payAndWait({ invoice: await fleet.people.asks(25_000) });
      expect(payment).toMatchObject({ state: 'settled', amount_msat: '25000000' });
      const mine = await argosy.invoice({ amount_msat: '5000000', region: 'asia' });
      await fleet.people.pays(mine.invoice);
      await eventually('credited', async () => (await invoiceState(mine.id)) === 'settled', STEP_MS);
      await expectAllWell();
    });

    it('pays over the others while a node is dead', { timeout: 3 * STEP_MS }, async () => {
      await fleet.die('eu');
      await eventually('eu is down', async () => (await states()).eu === 'down', STEP_MS);
      for (let sent = 0; sent < 4; sent++) {
        expect((await ends(await pay(await fleet.people.asks(10_000 + sent)))).state).toBe('settled');
      }
      await fleet.comeBack('eu');
      await eventually('all are up', allUp, STEP_MS);
      await expectAllWell();
    });

    it('pays each once though a node is killed with payments in flight', {
      timeout: 4 * STEP_MS,
    }, async () => {
      const invoices = await Promise.all(
        Array.from({ length: PAYMENTS }, (_, at) => fleet.people.asks(20_000 + at)),
      );
      const asked = Promise.all(invoices.map(async (invoice) => ({ invoice, id: await pay(invoice) })));
      await new Promise((resolve) => setTimeout(resolve, 100));
      await fleet.die('eu');
      const paid = await asked;
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      await fleet.comeBack('eu');
      await eventually('all are up', allUp, STEP_MS);
      // Those that the dead node may have had end by proof, or when their time is over.
      await expectTruth(paid);
      expect((await ends(await pay(await fleet.people.asks(21_000)))).state).toBe('settled');
      await expectAllWell();
    });

    it('pays each once though Argosy is killed in the midst of it', { timeout: 4 * STEP_MS }, async () => {
      const invoices = await Promise.all(
        Array.from({ length: PAYMENTS }, (_, at) => fleet.people.asks(30_000 + at)),
      );
      const asked = Promise.all(invoices.map(async (invoice) => ({ invoice, id: await pay(invoice) })));
      await new Promise((resolve) => setTimeout(resolve, 150));
      await product.kill();
      await launch();
      expect(await expectTruth(await asked)).toBeGreaterThan(0);
      await expectAllWell();
    });

    /** Asked again under the same key until there is an answer, and mined for until it is over. */
    async function orders(path: string, body: object): Promise<() => Promise<Ordered>> {
      const key = crypto.randomUUID();
      const { id } = await eventually(
        'an answer to the order',
        () => call<Ordered>('POST', `/v1/nodes/us${path}`, body, key).catch(() => null),
        STEP_MS,
      );
      expect(id).toMatch(/^cho_/);
      return () =>
        eventually(
          `${id} is over`,
          async () => {
            await fleet.mine();
            const order = await call<Ordered>('GET', `/v1/chain-orders/${id}`).catch(() => null);
            return order !== null && ['confirmed', 'failed'].includes(order.state) && order;
          },
          2 * STEP_MS,
        );
    }
    async function holdingsOfUs() {
      const [{ data }, books] = await Promise.all([
        call<{ data: { id: string; channels: { id: string; peer: string }[] }[] }>('GET', '/v1/nodes'),
        call<{ nodes: { node: string; ledger: { onchain_msat: string } }[] }>('GET', '/v1/books/check'),
      ]);
      const coins = books.nodes.find(({ node }) => node === 'us')?.ledger.onchain_msat ?? '0';
      return { channels: data.find(({ id }) => id === 'us')?.channels ?? [], coinsMsat: BigInt(coins) };
    }

    for (const [killed, kill] of [
      ['Argosy', () => product.kill().then(launch)],
      ['the node', () => fleet.die('us').then(() => fleet.comeBack('us'))],
    ] as const) {
      it(`opens a channel and sends coins once though ${killed} is killed in the midst of it`, {
        timeout: 5 * STEP_MS,
      }, async () => {
        const before = await holdingsOfUs();
        const peer = before.channels[0]?.peer;
        const opens = await orders('/channels', { peer, capacity_msat: `${OPEN_SAT}000` });
        const sends = await orders('/coins', { address: ADDRESS, amount_msat: `${SEND_SAT}000` });
        await kill();
        await eventually('all are up', allUp, STEP_MS);
        const opened = await opens();
        const sent = await sends();
        await expectAllWell();
        const after = await holdingsOfUs();
        const made = Number(opened.state === 'confirmed');
        // A peer that is away is a proof as well; coins need nobody.
        expect(after.channels.length - before.channels.length, JSON.stringify(opened)).toBe(made);
        expect(sent).toMatchObject({ state: 'confirmed' });
        const spentSat = Number((before.coinsMsat - after.coinsMsat) / 1_000n) - made * OPEN_SAT - SEND_SAT;
        expect(spentSat, 'fees').toBeGreaterThan(0);
        expect(spentSat, 'fees').toBeLessThan(FEES_SAT);
      });
    }

    it('follows a channel in its books from its funding to its last coin', {
      timeout: 4 * STEP_MS,
    }, async () => {
      await fleet.openAndClose('us', 300_000);
      await expectAllWell();
      expect((await ends(await pay(await fleet.people.asks(1_000)))).state).toBe('settled');
      await expectAllWell();
    });
  });
}

export const hashOf = (bolt11: string): string => {
  const decoded = decodeBolt11(bolt11);
  if (decoded.kind === 'fault') throw new Error(decoded.detail);
  return decoded.invoice.paymentHash;
};
