/**
 * A witness of the channels' state: LND counts the updates of each channel, and never backwards. One that has fewer than
 * were seen was put back to an earlier state, and must not be trusted with it: its peers may take what is in it.
 */
import type { Notebook } from '../notebook.ts';
import type { LndClient } from './client.ts';
import type { Channel } from './proto/lightning.ts';

/** By funding outpoint: the most updates that were seen. */
type Seen = Readonly<Record<string, string>>;
const WITNESS = 'witness';
/** What is new is noted so often, in ms: a state that is put back is older than that. */
const NOTE_MS = 5_000;

export interface Witness {
  /** What has gone back, as people read it; null: nothing. As it was looked at last. */
  found(): string | null;
  look(open: readonly Channel[]): void;
}

export async function openWitness(client: LndClient, book: Notebook): Promise<Witness> {
  let seen = (book.facts.get(WITNESS) as Seen | undefined) ?? {};
  let found: string | null = null;
  let notedAt = Number.NEGATIVE_INFINITY;

  function look(open: readonly Channel[]): void {
    const back = open.find(
      ({ channel_point, num_updates }) => BigInt(num_updates) < BigInt(seen[channel_point] ?? 0),
    );
    found = back === undefined ? null : textOf(back, seen[back.channel_point] ?? '');
    const next = Object.fromEntries(
      open.map(({ channel_point, num_updates }) => [channel_point, most(num_updates, seen[channel_point])]),
    );
    const news = JSON.stringify(next) !== JSON.stringify(seen);
    seen = next;
    if (!news || performance.now() - notedAt < NOTE_MS) return;
    notedAt = performance.now();
    void book.note({ facts: [[WITNESS, next]] }).catch(() => undefined);
  }

  look((await client.lightning.listChannels({})).channels);
  return { found: () => found, look };
}

const most = (count: string, before = '0'): string => (BigInt(count) > BigInt(before) ? count : before);

const textOf = ({ channel_point, num_updates }: Channel, before: string): string =>
  `its channel state is older than it was: channel ${channel_point} is at update ${num_updates}, and was at ${before}. Stop it before its peers punish it; put its newest state back, or recover its coins from the backup of its channels`;
