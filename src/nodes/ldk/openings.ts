/** Channels that the node is opening: LDK renames them when they are funded. */
import { type ChannelId, channelId } from '../../lightning/ids.ts';

export interface Openings {
  begin(temporaryId: string): void;
  /** Its coins are set aside in the wallet; a fee for the miners among them. */
  funded(temporaryId: string, funding: Funding): void;
  /** @returns how it was funded; null: the peer has opened it */
  succeed(temporaryId: string, id: string): Funding | null;
  fail(id: string, reason: string): void;
  /** The funding transaction will never be broadcast: its coins go back. */
  discard(id: string): void;
  /**
   * The channel, once it is funded; null before.
   * @throws when the opening failed
   */
  result(temporaryId: string): ChannelId | null;
  /** Coins of the wallet that are set aside for channels which are not open yet, in sat. */
  reservedSat(): bigint;
}

export interface Funding {
  readonly txid: string;
  readonly costSat: bigint;
  readonly feeSat: bigint;
}

interface Opening {
  funding: Funding | null;
  state: { readonly kind: 'waiting' } | { readonly kind: 'open' | 'failed'; readonly text: string };
}

export function createOpenings(giveBack: (txid: string) => void): Openings {
  const openings = new Map<string, Opening>();
  /** Temporary ids by those that channels have once they are funded. */
  const byChannel = new Map<string, string>();
  const find = (id: string): Opening | undefined => openings.get(byChannel.get(id) ?? id);

  return {
    begin(temporaryId) {
      openings.set(temporaryId, { funding: null, state: { kind: 'waiting' } });
    },
    funded(temporaryId, funding) {
      const opening = openings.get(temporaryId);
      if (!opening) return;
      opening.funding = funding;
      // From here on LDK calls it so: by its funding transaction, of which it is the first output (BOLT 2).
      byChannel.set(Buffer.from(funding.txid, 'hex').reverse().toString('hex'), temporaryId);
    },
    succeed(temporaryId, id) {
      const opening = openings.get(temporaryId);
      if (!opening) return null;
      opening.state = { kind: 'open', text: id };
      return opening.funding;
    },
    fail(id, reason) {
      const opening = find(id);
      if (opening?.state.kind === 'waiting') opening.state = { kind: 'failed', text: reason };
    },
    discard(id) {
      const opening = find(id);
      if (opening?.funding) giveBack(opening.funding.txid);
    },
    result(temporaryId) {
      const state = openings.get(temporaryId)?.state;
      if (state?.kind === 'failed') throw new Error(`the channel could not be opened: ${state.text}`);
      return state?.kind === 'open' ? channelId(state.text) : null;
    },
    reservedSat() {
      let sat = 0n;
      for (const { state, funding } of openings.values())
        if (state.kind === 'waiting') sat += funding?.costSat ?? 0n;
      return sat;
    },
  };
}
