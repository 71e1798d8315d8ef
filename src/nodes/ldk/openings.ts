/** Channels that the node is opening: LDK renames them when they are funded. */
import { type ChannelId, channelId } from '../../lightning/ids.ts';

export interface Openings {
  begin(temporaryId: string): void;
  funded(temporaryId: string, txid: string): void;
  succeed(temporaryId: string, id: string): void;
  fail(id: string, reason: string): void;
  /** The funding transaction will never be broadcast: its coins go back. */
  discard(id: string): void;
  /**
   * The channel, once it is funded; null before.
   * @throws when the opening failed
   */
  result(temporaryId: string): ChannelId | null;
}

interface Opening {
  txid: string | null;
  state: { readonly kind: 'waiting' } | { readonly kind: 'open' | 'failed'; readonly text: string };
}

export function createOpenings(giveBack: (txid: string) => void): Openings {
  const openings = new Map<string, Opening>();
  const byChannel = new Map<string, string>();

  return {
    begin(temporaryId) {
      openings.set(temporaryId, { txid: null, state: { kind: 'waiting' } });
    },
    funded(temporaryId, txid) {
      const opening = openings.get(temporaryId);
      if (opening) opening.txid = txid;
    },
    succeed(temporaryId, id) {
      const opening = openings.get(temporaryId);
      if (!opening) return;
      opening.state = { kind: 'open', text: id };
      byChannel.set(id, temporaryId);
    },
    fail(id, reason) {
      const opening = openings.get(id);
      if (opening?.state.kind === 'waiting') opening.state = { kind: 'failed', text: reason };
    },
    discard(id) {
      const opening = openings.get(byChannel.get(id) ?? id);
      if (opening?.txid) giveBack(opening.txid);
    },
    result(temporaryId) {
      const state = openings.get(temporaryId)?.state;
      if (state?.kind === 'failed') throw new Error(`the channel could not be opened: ${state.text}`);
      return state?.kind === 'open' ? channelId(state.text) : null;
    },
  };
}
