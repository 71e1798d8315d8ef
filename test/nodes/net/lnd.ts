/** A real LND of a test network, and what tests do with it. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Chain } from './chain.ts';
import type { Daemon } from './daemon.ts';
import { programOf } from './daemons.ts';
import type { NetFolder } from './folder.ts';
import { type Fee, LND_FEE, lndFlags } from './lnd_flags.ts';
import { freePort } from './ports.ts';
import { type Rest, restAt } from './rest.ts';
import { until } from './until.ts';

export interface LndOptions {
  readonly chain: Chain;
  readonly fee?: Fee;
  readonly flags?: readonly string[];
  /** `seed`: with a password, so that it is locked after each start. Default `open`: LND's `--noseedbackup`. */
  readonly wallet?: 'open' | 'seed';
}

export interface Permission {
  readonly entity: string;
  readonly action: string;
}

export interface Lnd {
  readonly name: string;
  /** Hex. */
  readonly pubkey: string;
  readonly host: '127.0.0.1';
  readonly rpcPort: number;
  readonly restPort: number;
  readonly p2pPort: number;
  /** LND's `lnddir`. */
  readonly folder: string;
  readonly certPath: string;
  readonly certPem: string;
  /** The admin macaroon. */
  readonly macaroonPath: string;
  readonly adminMacaroonHex: string;
  readonly chain: Chain;
  /** Null while it does not run. */
  readonly pid: number | null;
  /** With the admin macaroon. */
  readonly rest: Rest;
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Comes back with the same identity and ports; resolves when its RPCs answer. */
  start(more?: StartOptions): Promise<void>;
  /** As its operator stops it. */
  stop(): Promise<void>;
  pause(): void;
  resume(): void;
  /** A new certificate and key, at a stop and start. */
  renewCertificate(): Promise<void>;
  /** @returns a macaroon with these permissions, in hex */
  bake(permissions: readonly Permission[]): Promise<string>;
  /** `lndconnect://...`, with the admin macaroon unless another is given. */
  lndconnect(macaroonHex?: string): string;
  /** For {@link LndOptions.wallet} `seed`, after `start({ unlock: false })`. */
  unlock(): Promise<void>;
  logTail(lines?: number): string;
}

export interface StartOptions {
  readonly flags?: readonly string[];
  /** Default true; false leaves a wallet with a seed locked. */
  readonly unlock?: boolean;
}

const PASSWORD = Buffer.from('of a test network').toString('base64');
const PATIENCE_MS = 60_000;

export async function startLnd(home: NetFolder, name: string, options: LndOptions): Promise<Lnd> {
  const [rpcPort, restPort, p2pPort] = [await freePort(), await freePort(), await freePort()];
  const { chain, fee = LND_FEE, wallet = 'open' } = options;
  const daemon = home.daemon(name);
  const { folder } = daemon;
  const certPath = join(folder, 'tls.cert');
  const macaroonPath = join(folder, 'data/chain/bitcoin/regtest/admin.macaroon');
  const readMacaroon = (): string => readFileSync(macaroonPath, 'hex');
  const rest = restAt(restPort, certPath, readMacaroon);
  const door = walletDoor(
    daemon,
    restAt(restPort, certPath, () => null),
  );

  async function start({ flags = [], unlock = true }: StartOptions = {}): Promise<void> {
    const place = { name, folder, rpcPort, restPort, p2pPort };
    daemon.start(programOf('lnd'), [
      ...lndFlags(place, fee, chain.lndFlags),
      ...(wallet === 'open' ? ['--noseedbackup'] : []),
      ...(options.flags ?? []),
      ...flags,
    ]);
    if (wallet === 'seed' && !(await door.open(unlock))) return;
    await door.active();
    await until(`${name} to have its macaroon`, async () => existsSync(macaroonPath));
  }
  await start();
  const { identity_pubkey: pubkey } = await rest<{ identity_pubkey: string }>('GET', '/v1/getinfo');

  return {
    name,
    pubkey,
    host: '127.0.0.1',
    rpcPort,
    restPort,
    p2pPort,
    folder,
    certPath,
    macaroonPath,
    chain,
    rest,
    start,
    get certPem() {
      return readFileSync(certPath, 'utf8');
    },
    get adminMacaroonHex() {
      return readMacaroon();
    },
    get pid() {
      return daemon.pid;
    },
    kill: daemon.kill,
    stop: daemon.stop,
    pause: daemon.pause,
    resume: daemon.resume,
    async renewCertificate() {
      await daemon.stop();
      rmSync(certPath);
      rmSync(join(folder, 'tls.key'));
      await start();
    },
    async bake(permissions) {
      return (await rest<{ macaroon: string }>('POST', '/v1/macaroon', { permissions })).macaroon;
    },
    lndconnect(macaroonHex = readMacaroon()) {
      const der = readFileSync(certPath, 'utf8').replace(/-----[^-]+-----|\s/g, '');
      const cert = Buffer.from(der, 'base64').toString('base64url');
      const macaroon = Buffer.from(macaroonHex, 'hex').toString('base64url');
      return `lndconnect://127.0.0.1:${rpcPort}?cert=${cert}&macaroon=${macaroon}`;
    },
    async unlock() {
      await door.open(true);
      await door.active();
    },
    logTail: daemon.logTail,
  };
}

/** What LND answers before its wallet is open. */
function walletDoor(daemon: Daemon, rest: Rest) {
  const reaches = (states: readonly string[]): Promise<string> =>
    until(
      `${daemon.name} to be ${states.join(' or ')}`,
      async () => {
        daemon.assertRuns();
        const { state } = await rest<{ state: string }>('GET', '/v1/state');
        return states.includes(state) && state;
      },
      PATIENCE_MS,
    );
  return {
    active: () => reaches(['SERVER_ACTIVE']),
    /** Makes the wallet where there is none. @returns whether it is open */
    async open(unlock: boolean): Promise<boolean> {
      if ((await reaches(['NON_EXISTING', 'LOCKED'])) === 'NON_EXISTING') {
        const { cipher_seed_mnemonic } = await rest('GET', '/v1/genseed');
        await rest('POST', '/v1/initwallet', { cipher_seed_mnemonic, wallet_password: PASSWORD });
        return true;
      }
      if (unlock) await rest('POST', '/v1/unlockwallet', { wallet_password: PASSWORD });
      return unlock;
    },
  };
}
