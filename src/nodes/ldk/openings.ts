/** Channels that the node is opening: LDK renames them when they are funded. Whatever ends is kept, by its token. */
import { channelId, untrusted } from '../../lightning/ids.ts';
import type { OpenAnswer, OpenRefusal } from '../node.ts';
import { pack, type Store, unpack } from './store.ts';

export interface Openings {
  /** How it ended, or undefined: it is under way, or nobody knows the token. */
  answer(token: string): OpenAnswer | undefined;
  /** Under way: begun since the node was started, and without an end. */
  isRunning(token: string): boolean;
  begin(temporaryId: string, token: string): void;
  /** It could not even be begun. */
  refuse(token: string, reason: OpenRefusal, detail: string): void;
  /** Its coins are set aside in the wallet; a fee for the miners among them. */
  funded(temporaryId: string, funding: Funding): void;
  /**
   * @param name what LDK was given for the channel, as `openingName` makes it; also after a restart
   * @returns how it was funded; null: the peer has opened it
   */
  succeed(temporaryId: string, name: bigint, id: string): Funding | null;
  fail(id: string, reason: OpenRefusal, detail: string): void;
  /** The funding transaction will never be broadcast: its coins go back. */
  discard(id: string): void;
  /** Coins of the wallet that are set aside for channels which are not open yet, in sat. */
  reservedSat(): bigint;
}

export interface Funding {
  readonly txid: string;
  readonly costSat: bigint;
  readonly feeSat: bigint;
}

interface Opening {
  readonly token: string;
  funding: Funding | null;
  waiting: boolean;
}

/** LDK keeps 128 bits with a channel, of which its bindings take 124: the first 15 bytes of the token. */
export const openingName = (token: string): bigint => BigInt(`0x${token.slice(0, 30)}`);
/** LDK's bindings give these numbers back with their bytes in the other order. */
export const givenName = (given: bigint): bigint =>
  BigInt(`0x${Buffer.from(given.toString(16).padStart(32, '0'), 'hex').reverse().toString('hex')}`);
const rowOf = (name: bigint): string => `open:${name.toString(16)}`;

export function createOpenings(store: Store, node: string, giveBack: (txid: string) => void): Openings {
  const openings = new Map<string, Opening>();
  /** Temporary ids by those that channels have once they are funded. */
  const byChannel = new Map<string, string>();
  const find = (id: string): Opening | undefined => openings.get(byChannel.get(id) ?? id);

  const keep = (name: bigint, answer: OpenAnswer): void =>
    store.run(
      'insert or ignore into onchain_order (node, token, answer) values (?, ?, ?)',
      node,
      rowOf(name),
      pack(answer),
    );
  const refuse: Openings['refuse'] = (token, reason, detail) =>
    keep(openingName(token), { kind: 'refused', reason, detail: untrusted(detail) });

  return {
    answer(token) {
      const row = store.get(
        'select answer from onchain_order where node = ? and token = ?',
        node,
        rowOf(openingName(token)),
      );
      return row === undefined ? undefined : unpack<OpenAnswer>(row.answer);
    },
    isRunning: (token) => [...openings.values()].some((each) => each.waiting && each.token === token),
    begin(temporaryId, token) {
      openings.set(temporaryId, { token, funding: null, waiting: true });
    },
    refuse,
    funded(temporaryId, funding) {
      const opening = openings.get(temporaryId);
      if (!opening) return;
      opening.funding = funding;
      // From here on LDK calls it so: by its funding transaction, of which it is the first output (BOLT 2).
      byChannel.set(Buffer.from(funding.txid, 'hex').reverse().toString('hex'), temporaryId);
    },
    succeed(temporaryId, name, id) {
      const opening = openings.get(temporaryId);
      if (!opening) return null;
      opening.waiting = false;
      keep(name, { kind: 'opened', channel: channelId(id) });
      return opening.funding;
    },
    fail(id, reason, detail) {
      const opening = find(id);
      if (!opening?.waiting) return;
      opening.waiting = false;
      refuse(opening.token, reason, detail);
    },
    discard(id) {
      const opening = find(id);
      if (opening?.funding) giveBack(opening.funding.txid);
    },
    reservedSat() {
      let sat = 0n;
      for (const { waiting, funding } of openings.values()) if (waiting) sat += funding?.costSat ?? 0n;
      return sat;
    },
  };
}
