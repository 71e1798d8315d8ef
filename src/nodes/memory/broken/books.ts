/** Wrong in their balances, their facets, their coins or their values. */
import { sentMsat } from '../../../lightning/route.ts';
import { MAX_MSAT, type Msat, msat, ZERO_MSAT } from '../../../money/msat.ts';
import type { NodeBalances, OpenAnswer, OpenOrder, PartOrder } from '../../node.ts';
import { another, type BrokenDriver, withBalances, withEvents } from './driver.ts';

const withFreshTokens =
  (open: (order: OpenOrder) => Promise<OpenAnswer>, fresh: () => string) =>
  (order: OpenOrder): Promise<OpenAnswer> =>
    open({ ...order, token: another(order.token + fresh()) });

export const balances: readonly BrokenDriver[] = [
  {
    fault: 'answers with the amounts of its last answer and the cursor of now',
    caughtBy: 'holds at the sender, at every cursor',
    wrap(node) {
      let last: NodeBalances | null = null;
      return withBalances(node, (now) => {
        const answer = { ...(last ?? now), cursor: now.cursor };
        last = now;
        return answer;
      });
    },
  },
  {
    fault: 'leaves the fee out of what is in flight',
    caughtBy: 'itemises what is in flight',
    wrap: (node) =>
      withBalances(node, (now) => ({
        ...now,
        inFlight: now.inFlight.map((htlc) => ({ ...htlc, amountMsat: msat(htlc.amountMsat - 1n) })),
      })),
  },
  {
    fault: 'counts what is in flight as its own',
    caughtBy: 'itemises what is in flight',
    wrap: (node) =>
      withBalances(node, (now) => {
        const held = now.inFlight.reduce((total, htlc) => total + htlc.amountMsat, 0n);
        return { ...now, channelsMsat: msat(now.channelsMsat + held) };
      }),
  },
  {
    fault: 'takes off what is out in forwards',
    caughtBy: 'counts at the forwarding node what is out in a forward',
    wrap: (node) => ({
      ...node,
      async balances() {
        const [now, pending] = [await node.balances(), await node.pendingHtlcs()];
        const forwards = pending.filter((htlc) => htlc.direction === 'out' && htlc.origin === 'forward');
        const out = forwards.reduce((total, htlc) => total + htlc.amountMsat, 0n);
        return { ...now, channelsMsat: msat(now.channelsMsat - out) };
      },
    }),
  },
  {
    fault: 'keeps in flight what has failed',
    caughtBy: 'frees everything when the payee does not know the payment hash',
    wrap(node) {
      const sent = new Map<string, PartOrder>();
      const stuck: { paymentHash: PartOrder['paymentHash']; amountMsat: Msat }[] = [];
      const watched = withEvents(node, (event) => {
        const order = event.kind === 'part_failed' ? sent.get(event.token) : undefined;
        if (order) stuck.push({ paymentHash: order.paymentHash, amountMsat: sentMsat(order.route) });
        return [event];
      });
      return {
        ...withBalances(watched, (now) => ({ ...now, inFlight: [...now.inFlight, ...stuck] })),
        sendPart(order) {
          sent.set(order.token, order);
          return node.sendPart(order);
        },
      };
    },
  },
];

export const facets: readonly BrokenDriver[] = [
  {
    fault: 'lacks a facet that it is known to have',
    caughtBy: 'declares every facet',
    wrap: (node) => ({ ...node, facets: node.facets.routes ? { routes: node.facets.routes } : {} }),
  },
  {
    fault: 'does not look at the fee limit',
    caughtBy: 'finds routes whose fees are within the limit',
    wrap: (node) => ({
      ...node,
      facets: {
        ...node.facets,
        routes: {
          find: async (question) =>
            (await node.facets.routes?.find({ ...question, feeLimitMsat: MAX_MSAT })) ?? {
              kind: 'none',
              reason: 'no_route',
            },
        },
      },
    }),
  },
  {
    fault: 'splits into more parts than asked for',
    caughtBy: 'finds no more routes than asked for',
    wrap: (node) => ({
      ...node,
      facets: {
        ...node.facets,
        routes: {
          find: async (question) =>
            (await node.facets.routes?.find({ ...question, maxParts: 16 })) ?? {
              kind: 'none',
              reason: 'no_route',
            },
        },
      },
    }),
  },
  {
    fault: 'spends coins twice for one token',
    caughtBy: 'sends coins once for one token',
    wrap(node) {
      let calls = 0;
      return {
        ...node,
        sendOnchain: (order) => node.sendOnchain({ ...order, token: another(order.token + calls++) }),
      };
    },
  },
  {
    fault: 'opens a channel each time that it is asked',
    caughtBy: 'opens one channel for one token',
    wrap(node) {
      let calls = 0;
      return {
        ...node,
        facets: {
          ...node.facets,
          ...(node.facets.open && {
            open: { open: withFreshTokens(node.facets.open.open, () => String(calls++)) },
          }),
        },
      };
    },
  },
  {
    fault: 'opens channels for nothing',
    caughtBy: 'opens a channel that becomes active',
    wrap: (node) => withBalances(node, (now) => ({ ...now, onchainMsat: ZERO_MSAT })),
  },
  {
    fault: 'gives values that cannot cross a thread',
    caughtBy: 'gives values that cross a thread unchanged',
    wrap: (node) => ({
      ...node,
      info: async () => Object.assign(await node.info(), { toString: () => 'a node' }),
    }),
  },
  {
    fault: 'gives values that lose their class in another thread',
    caughtBy: 'gives values that cross a thread unchanged',
    wrap(node) {
      class Balances {}
      return withBalances(node, (now) => Object.assign(new Balances(), now));
    },
  },
  {
    fault: 'goes on after it was stopped',
    caughtBy: 'ends its subscriptions when it is stopped',
    wrap: (node) => ({ ...node, stop: async () => {} }),
  },
];
