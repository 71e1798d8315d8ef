/** The verbs with which a node finds its peers, and lets them find it. */
import { fromHex, isNull } from './bindings.ts';
import type { Links } from './links.ts';
import type { LinkEnd } from './socket.ts';
import { readAddress, toSocketAddress } from './tcp_address.ts';
import type { VerbTable } from './verbs.ts';

const ALIAS_BYTES = 32;
const COLOUR = new Uint8Array(3);

export function peerVerbs(
  links: Links,
  end: LinkEnd,
  alias: string,
): Pick<VerbTable, 'connect' | 'listen' | 'announce'> {
  const connected = (peer: string): boolean => !isNull(end.peers.peer_by_node_id(fromHex(peer)));
  return {
    connect({ peer, address }) {
      if (connected(peer) || links.has(end.pubkey, peer)) return () => (connected(peer) ? null : undefined);
      const to = readAddress(address);
      if (to === null) throw new Error(`no link to ${peer}: give its address as host:port`);
      const failure = links.dial(end, peer, to);
      return () => {
        if (connected(peer)) return null;
        const reason = failure();
        if (reason !== null) throw new Error(`${peer} cannot be reached at ${address}: ${reason}`);
        return undefined;
      };
    },
    listen: (at) => links.listen(end, at),
    announce() {
      const name = Buffer.alloc(ALIAS_BYTES);
      name.write(alias);
      const addresses = links.doors(end.pubkey).flatMap((door) => toSocketAddress(door) ?? []);
      end.peers.broadcast_node_announcement(COLOUR, name, addresses);
      return () => null;
    },
  };
}
