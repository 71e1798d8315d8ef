/** The way to a server, with faults: a TCP relay that loses answers and cuts connections. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Relay {
  /** `http://127.0.0.1:41235`: the same server, by this way. */
  readonly api: string;
  /** The next answers are lost after the server gave them: the connection ends where they would come. */
  loseAnswers(count: number): void;
  /** Every connection ends after so many bytes of answer, in the midst of whatever it is. Null: none does. */
  cutAfter(bytes: number | null): void;
  /** Ends all connections that are open. */
  cut(): void;
  /** All that came from the server so far, as text. */
  said(): string;
  /** How many connections the relay has ended so far. */
  ended(): number;
  stop(): Promise<void>;
}

export async function openRelay(api: string): Promise<Relay> {
  const { hostname, port } = new URL(api);
  const open = new Set<Socket>();
  let toLose = 0;
  let limit: number | null = null;
  let ended = 0;
  let said = '';
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    let passed = 0;
    open.add(client);
    const close = (): void => {
      open.delete(client);
      client.destroy();
      upstream.destroy();
    };
    const end = (): void => {
      ended++;
      close();
    };
    for (const socket of [client, upstream]) socket.on('error', close).on('close', close);
    client.on('data', (bytes) => upstream.write(bytes));
    upstream.on('data', (bytes) => {
      if (toLose > 0) {
        toLose--;
        return end();
      }
      said += bytes.toString('latin1');
      const room = limit === null ? bytes.length : limit - passed;
      passed += bytes.length;
      if (room >= bytes.length) client.write(bytes);
      else client.write(bytes.subarray(0, Math.max(0, room)), end);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => {
    for (const client of open) {
      ended++;
      client.destroy();
    }
  };
  return {
    api: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    loseAnswers(count) {
      toLose = count;
    },
    cutAfter(bytes) {
      limit = bytes;
    },
    cut,
    said: () => said,
    ended: () => ended,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const client of open) client.destroy();
      }),
  };
}
