/** Addresses of nodes: as people write them, and as the network is told of them. */
import { isIPv4 } from 'node:net';
import { ldk } from './bindings.ts';
import type { TcpAddress } from './wire.ts';

/** `127.0.0.1:9735`, `[::1]:9735` or `host.example:9735`; null: it is none of them. */
export function readAddress(text: string): TcpAddress | null {
  const found = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]/]+)):(\d{1,5})$/i.exec(text);
  const port = Number(found?.[3]);
  const host = found?.[1] ?? found?.[2];
  return host === undefined || port < 1 || port > 65_535 ? null : { host, port };
}

/** Null: not one that the network is told of. */
export function toSocketAddress({ host, port }: TcpAddress): ldk.SocketAddress | null {
  if (!isIPv4(host) || host === '0.0.0.0') return null;
  return ldk.SocketAddress.constructor_tcp_ip_v4(Uint8Array.from(host.split('.').map(Number)), port);
}
