/** What the documentation shows: a payment of the practice world, as it was while `eu`, which would have been cheapest, was down. */
import type { z } from 'zod';
import type { attemptSchema, transferSchema } from './schemas.ts';

const ID = 'pay_01m7zd4hp78wp6hw966p041eex';
const PART = 'prt_01m7zd4hp8y7vjk2cyg8pz71y5';

const attempt: z.infer<typeof attemptSchema> = {
  attempt: 1,
  node: 'us',
  plan: {
    asked_at: '2026-11-21T15:55:55.967Z',
    planned_at: '2026-11-21T15:55:55.974Z',
    rounds: 1,
    chosen: 'us',
    why: 'cheapest',
    candidates: [
      {
        node: 'us',
        region: 'us',
        health: 'up',
        spendable_msat: '16718380000',
        fee_msat: '13000',
        cltv_delta: 308,
        hops: 2,
        parts: 1,
        obstacle: null,
        answer_ms: 6,
      },
      {
        node: 'asia',
        region: 'asia',
        health: 'up',
        spendable_msat: '11505858190',
        fee_msat: '32000',
        cltv_delta: 124,
        hops: 2,
        parts: 1,
        obstacle: null,
        answer_ms: 7,
      },
      {
        node: 'eu',
        region: 'eu',
        health: 'down',
        spendable_msat: '22562740000',
        fee_msat: null,
        cltv_delta: null,
        hops: null,
        parts: 0,
        obstacle: 'node_down',
        answer_ms: null,
      },
    ],
  },
  parts: [
    {
      id: PART,
      amount_msat: '25000000',
      fee_msat: '13000',
      state: 'settled',
      failure: null,
      route: [
        {
          pubkey: '031422a7ac2d62c8a9ef3b4bdd354a7239e8504e71e03a3002f37b695fc6add331',
          scid: '112x12x0',
          amount_msat: '25013000',
          cltv_delta: 80,
        },
        {
          pubkey: '03e3a0b61416ee27f08193ede63d95bcb895f05001c23c9f37eeba0161bb24f084',
          scid: '112x7x0',
          amount_msat: '25000000',
          cltv_delta: 228,
        },
      ],
      timings: {
        planned_at: '2026-11-21T15:55:55.974Z',
        sent_at: '2026-11-21T15:55:55.987Z',
        answered_at: '2026-11-21T15:55:56.010Z',
        ended_at: '2026-11-21T15:55:56.175Z',
      },
    },
  ],
};

const INTENDED = '2026-11-21T15:55:55.974Z';
const SETTLED = '2026-11-21T15:55:56.175Z';

/** Debit, credit, msat, source, reason, time. */
const BOOKED = [
  ['own:business', 'own:business:held', '25250000', ID, 'hold', INTENDED],
  ['node:us:in_flight', 'node:us:channels', '25013000', PART, 'sent', INTENDED],
  ['own:business:held', 'node:us:in_flight', '25000000', PART, 'settled', SETTLED],
  ['node:us:fees_paid', 'node:us:in_flight', '13000', PART, 'fee', SETTLED],
  ['own:business:held', 'node:us:fees_charged', '13000', PART, 'fee_charged', SETTLED],
  ['own:business:held', 'own:business', '237000', ID, 'release', SETTLED],
] as const;

const transfers: z.infer<typeof transferSchema>[] = BOOKED.map(
  ([debit, credit, amount_msat, source, reason, at]) => ({ debit, credit, amount_msat, source, reason, at }),
);

export const paymentExample = {
  id: ID,
  state: 'settled',
  failure: null,
  account: 'own:business',
  amount_msat: '25000000',
  fee_msat: '13000',
  fee_limit_msat: '250000',
  payment_hash: '7a3f49dcdcba01871919eab6ad820f5906dadc26e5df67fb75a2ed5ca111a4c6',
  preimage: '897c270a207c640f6252565db7ef8be9779e5e01a6a6a70c4b4d0d2c28e43513',
  invoice: 'lnbcrt250u1p4sr0ct...',
  internal_invoice: null,
  region: null,
  attempts: [attempt],
  created_at: '2026-11-21T15:55:55.975Z',
  ended_at: SETTLED,
  transfers,
};
