/** Who is behind a public key: own nodes by id, people of the practice world by name, peers by alias. */
import { printable } from '../lightning/text.ts';
import type { Client } from './client.ts';
import { shorten } from './print.ts';

export type NameOf = (pubkey: string) => string;

const MAX_NAME = 24;
const MAX_PUBKEY = 13;

/** Names are a courtesy: what cannot be asked, or may not be, is left out. */
export async function readNames(client: Client): Promise<NameOf> {
  const [nodes, people] = await Promise.all([
    client.nodes().catch(() => []),
    client.practice.people().catch(() => ({ data: [] })),
  ]);
  const names = new Map<string, string>();
  for (const { channels } of nodes) {
    for (const { peer, peer_alias } of channels) {
      if (peer_alias.trim() !== '') names.set(peer, printable(peer_alias, MAX_NAME));
    }
  }
  for (const { pubkey, name } of people.data) names.set(pubkey, printable(name, MAX_NAME));
  for (const { pubkey, id } of nodes) if (pubkey !== null) names.set(pubkey, id);
  return (pubkey) => names.get(pubkey) ?? shorten(pubkey, MAX_PUBKEY);
}
