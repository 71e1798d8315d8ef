/** Links between peers: inside this worker, to other workers, and over TCP to whoever is outside. */
import type { MessagePort } from 'node:worker_threads';
import { accept, dial, drop, hangUp, type LinkEnd, read, type Socket, take } from './socket.ts';
import { createTcp, type Tcp } from './tcp.ts';

export type { LinkEnd } from './socket.ts';

export interface Links extends Pick<Tcp, 'listen' | 'dial' | 'doors'> {
  /** Connects two nodes of this worker. */
  inside(from: LinkEnd, to: LinkEnd): void;
  /** Connects to a node in another worker. @param peer null: the other side begins. */
  outside(end: LinkEnd, peer: string | null, port: MessagePort): void;
  /** A link of this pair exists. */
  has(pubkey: string, peer: string): boolean;
  /** Hands what inside links carry to the other ends; answers whether anything moved. */
  exchange(): boolean;
  /** Connects again what has been hung up, but for the nodes that are cut off. */
  redial(): void;
  /** Hangs up on everybody, and keeps it so; bytes that nobody has taken yet are lost. */
  cutOff(pubkey: string): void;
  /** The next `redial` of either end connects again. */
  mend(pubkey: string): void;
  /** Lets the bytes go that this step has queued for anybody outside this worker. */
  release(): void;
}

function receive(socket: Socket, messages: readonly Uint8Array[]): void {
  const { end } = socket;
  const oneByOne = end.announcing();
  for (const bytes of oneByOne ? messages : [Buffer.concat(messages)]) {
    if (!socket.open) return;
    read(socket, bytes);
    if (oneByOne) end.peers.process_events();
  }
}

interface InsideLink {
  readonly from: LinkEnd;
  readonly to: LinkEnd;
  near: Socket;
  far: Socket;
}

/** What crosses a port. A connection that is dialled anew has a higher session; null ends a session. */
interface Parcel {
  readonly session: number;
  readonly messages: readonly Uint8Array[] | null;
}
interface OutsideLink {
  readonly end: LinkEnd;
  readonly peer: string | null;
  readonly port: MessagePort;
  session: number;
  socket: Socket;
}

/** Moves what one end has sent, or tells the other that it has hung up. */
function carry(from: Socket, to: Socket): boolean {
  if (from.sent.length > 0 && from.open) {
    receive(to, take(from));
    return true;
  }
  if (!from.closing) return false;
  from.closing = false;
  drop(to);
  return true;
}

/** Whoever dials a node that is cut off learns at once that nobody is there, and dials again later. */
function refuse({ session, messages }: Parcel, link: OutsideLink): void {
  if (session < link.session || messages === null) return;
  link.session = session;
  hangUp(link.socket);
}

function open(parcel: Parcel, link: OutsideLink): void {
  if (parcel.session < link.session) return;
  if (parcel.session > link.session) {
    drop(link.socket);
    link.session = parcel.session;
    link.socket = accept(link.end);
  }
  if (parcel.messages === null) drop(link.socket);
  else receive(link.socket, parcel.messages);
}

function send({ socket, port, session }: OutsideLink): void {
  if (socket.sent.length > 0) {
    const messages = take(socket);
    const transfer = messages.map(({ buffer }) => buffer);
    port.postMessage({ session, messages } satisfies Parcel, transfer);
  }
  if (socket.closing) port.postMessage({ session, messages: null } satisfies Parcel);
  socket.closing = false;
}

function redialInside(link: InsideLink): void {
  if (link.near.open && link.far.open) return;
  drop(link.near);
  drop(link.far);
  link.far = accept(link.to);
  link.near = dial(link.from, link.to.pubkey);
}

function redialOutside(link: OutsideLink): void {
  if (link.socket.open || link.peer === null) return;
  link.session++;
  link.socket = dial(link.end, link.peer);
}

/** @param enqueue runs a change of memory in the next step */
export function createLinks(enqueue: (input: () => void) => void): Links {
  const insideLinks: InsideLink[] = [];
  const outsideLinks = new Set<OutsideLink>();
  const pairs = new Set<string>();
  const cut = new Set<string>();
  const tcp = createTcp(enqueue, (pubkey) => cut.has(pubkey));
  const isCut = ({ from, to }: InsideLink): boolean => cut.has(from.pubkey) || cut.has(to.pubkey);
  const arrive = (parcel: Parcel, link: OutsideLink): void =>
    cut.has(link.end.pubkey) ? refuse(parcel, link) : open(parcel, link);

  return {
    listen: tcp.listen,
    dial: tcp.dial,
    doors: tcp.doors,
    inside(from, to) {
      insideLinks.push({ from, to, far: accept(to), near: dial(from, to.pubkey) });
      pairs.add(`${from.pubkey} ${to.pubkey}`);
      pairs.add(`${to.pubkey} ${from.pubkey}`);
    },
    outside(end, peer, port) {
      const socket = peer === null ? accept(end) : dial(end, peer);
      const link: OutsideLink = { end, peer, port, session: 1, socket };
      outsideLinks.add(link);
      if (peer !== null) pairs.add(`${end.pubkey} ${peer}`);
      port.on('message', (parcel: Parcel) => enqueue(() => arrive(parcel, link)));
      port.on('close', () =>
        enqueue(() => {
          drop(link.socket);
          outsideLinks.delete(link);
        }),
      );
    },
    has: (pubkey, peer) => pairs.has(`${pubkey} ${peer}`),
    exchange() {
      let moved = false;
      for (const { near, far } of insideLinks) {
        moved = carry(near, far) || moved;
        moved = carry(far, near) || moved;
      }
      return moved;
    },
    redial() {
      for (const link of insideLinks) if (!isCut(link)) redialInside(link);
      for (const link of outsideLinks) if (!cut.has(link.end.pubkey)) redialOutside(link);
      tcp.redial();
    },
    cutOff(pubkey) {
      cut.add(pubkey);
      for (const link of insideLinks.filter(isCut)) {
        hangUp(link.near);
        hangUp(link.far);
      }
      for (const link of outsideLinks) if (link.end.pubkey === pubkey) hangUp(link.socket);
      tcp.hangUpOn(pubkey);
    },
    mend(pubkey) {
      cut.delete(pubkey);
    },
    release() {
      for (const link of outsideLinks) send(link);
      tcp.release();
    },
  };
}
