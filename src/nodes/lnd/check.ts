/** The checklist of an LND: step by step, each only where the one before lets it be seen. */
import { type Network, type NodePubkey, nodePubkey } from '../../lightning/ids.ts';
import type { CheckLine, NodeCheck, Pin } from '../check.ts';
import type { NodeCredentials } from '../credentials.ts';
import { LndError } from './call.ts';
import { pinOf, type Shown, showCertificate } from './certificate.ts';
import { connectLnd } from './client.ts';
import { type Grant, type ReadMacaroon, readMacaroon } from './macaroon.ts';
import { bakeCommand, excessGrants, mayCall, missingPermissions } from './permissions.ts';
import type { GetInfoResponse } from './proto/lightning.ts';
import { judgeVersion } from './version.ts';

const LOOK_MS = 5_000;
const SOON_MS = 30 * 86_400_000;
const SHOWN_MAX = 6;
const GET_INFO = '/lnrpc.Lightning/GetInfo';

type Line = Omit<CheckLine, 'name'>;
type More = Partial<Pick<CheckLine, 'items' | 'command'>>;
const line = (state: CheckLine['state'], detail: string, fix: string | null, more: More = {}): Line => ({
  state,
  detail,
  items: [],
  fix,
  command: null,
  ...more,
});
const done = (detail: string): Line => line('done', detail, null);
const advice = (detail: string, fix: string | null, more?: More): Line => line('advice', detail, fix, more);
const failed = (detail: string, fix: string, more?: More): Line => line('failed', detail, fix, more);

const LNCLI: Readonly<Record<Network, string>> = {
  bitcoin: 'mainnet',
  testnet: 'testnet',
  signet: 'signet',
  regtest: 'regtest',
};

/** Reads only. Never throws; what it cannot find out is a line that failed. */
export async function checkLnd(given: NodeCredentials, network: Network, now: number): Promise<NodeCheck> {
  const lines: CheckLine[] = [];
  let pubkey: NodePubkey | null = null;
  /** False: it failed, and the next step would not tell more. */
  const note = (name: CheckLine['name'], line: Line): boolean => {
    lines.push({ name, ...line });
    return line.state !== 'failed';
  };
  const shown = await showCertificate(given.address, LOOK_MS);
  const reached = note('address', judgeAddress(given.address, shown));
  const trusted = reached && note('certificate', judgeCertificate(given.certificates.map(pinOf), shown, now));
  const macaroon = readMacaroon(given.macaroon);
  if (trusted && note('wallet', await readWallet(given))) {
    const grants = macaroon.kind === 'macaroon' ? macaroon.grants : new Set<Grant>();
    const info = mayCall(grants, GET_INFO) ? await readInfo(given) : null;
    if (note('macaroon', judgeMacaroon(macaroon, info, now))) {
      note('permissions', judgePermissions(grants, network));
      if (info !== null && !(info instanceof Error)) {
        pubkey = nodePubkey(info.identity_pubkey);
        note('version', lineOfVersion(info.version));
        note('network', judgeNetwork(info, network));
        note('sync', judgeSync(info));
      }
    }
  }
  return { lines, pubkey, shown: shown.kind === 'shown' ? shown.pin : null };
}

/** Calls LND once over a connection of its own. */
async function ask<T>(to: NodeCredentials, call: (client: ReturnType<typeof connectLnd>) => Promise<T>) {
  const client = connectLnd(to);
  try {
    return await call(client);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    client.close();
  }
}

const readInfo = (to: NodeCredentials): Promise<GetInfoResponse | Error> =>
  ask(to, ({ lightning }) => lightning.getInfo({}, { deadlineMs: LOOK_MS }));

const WALLET: Readonly<Record<string, Line>> = {
  NON_EXISTING: failed('it has none yet', 'Make one:', { command: 'lncli create' }),
  LOCKED: failed('locked', 'Open it:', { command: 'lncli unlock' }),
  UNLOCKED: failed('open, and LND is still starting', 'Try again in a minute.'),
  WAITING_TO_START: failed('it waits to become the leader of its cluster', 'Name the one that leads.'),
};

async function readWallet(to: NodeCredentials): Promise<Line> {
  const answer = await ask(to, ({ state }) => state.getState({}, { deadlineMs: LOOK_MS }));
  if (answer instanceof Error) {
    return failed(
      `something answers, but not as LND does (${reasonOf(answer)})`,
      "Name the address of LND's gRPC (rpclisten, port 10009), not that of REST (restlisten) or of peers (listen).",
    );
  }
  return WALLET[answer.state] ?? done('open');
}

function judgeAddress(address: string, shown: Shown): Line {
  if (shown.kind === 'shown') return done(`${address} answers`);
  if (shown.kind === 'no_tls') {
    return failed(
      `${address} answers, but without TLS (${shown.why})`,
      "Name the address of LND's gRPC (rpclisten, port 10009); Argosy never speaks to it without TLS.",
    );
  }
  return failed(
    `${address} does not answer: ${shown.why}`,
    'Does LND run, with rpclisten at an address that the machine of Argosy reaches, and does a firewall let it through?',
  );
}

export function judgeCertificate(pins: readonly Pin[], shown: Shown, now: number): Line {
  if (shown.kind !== 'shown') return failed('none was seen', 'Let the address answer first.');
  const { fingerprint, expiresAt } = shown.pin;
  if (pins.length === 0 && !shown.vouched) {
    return failed(
      `no public authority vouches for it, and none was given to pin; it shows ${fingerprint}`,
      'Give the tls.cert of this LND: --cert FILE, or cert= in the lndconnect URI.',
    );
  }
  if (pins.length > 0 && pins.every((pin) => pin.fingerprint !== fingerprint)) {
    return failed(
      `it shows ${fingerprint}, pinned is ${pins.map((pin) => pin.fingerprint).join(' and ')}`,
      'Compare with the one where LND runs. If LND has a new certificate, `argosy node rotate ID --cert FILE` pins it; if not, somebody stands between you and your node.',
      { command: 'openssl x509 -in tls.cert -noout -fingerprint -sha256' },
    );
  }
  const until = `until ${new Date(expiresAt).toISOString().slice(0, 10)}`;
  const how = pins.length === 0 ? 'a public authority vouches for it' : 'the pinned one';
  if (expiresAt < now) {
    return failed(
      `${how}, ${fingerprint}; expired (valid ${until})`,
      'LND makes a new one when tls.cert and tls.key are gone as it starts (or always in time, with tlsautorefresh=1); then give that one.',
    );
  }
  return expiresAt < now + SOON_MS
    ? advice(
        `${how}, ${fingerprint}, ${until}`,
        'Let LND make a new one soon, and pin it with `node rotate`.',
      )
    : done(`${how}, ${fingerprint}, ${until}`);
}

export function judgeMacaroon(
  macaroon: ReadMacaroon,
  info: GetInfoResponse | Error | null,
  now: number,
): Line {
  if (macaroon.kind === 'fault')
    return failed("it is none of LND's", 'Give the binary file that lncli has written, or its hex.');
  const limits = macaroon.caveats.length === 0 ? '' : `; limited: ${macaroon.caveats.join(', ')}`;
  const ends = macaroon.caveats.map((caveat) => Date.parse(/^time-before (.+)$/.exec(caveat)?.[1] ?? ''));
  if (ends.some((end) => end <= now))
    return failed(`its time is over${limits}`, 'Bake a new one, without a timeout.');
  if (info instanceof Error) {
    return failed(
      `LND does not accept it (${reasonOf(info)})${limits}`,
      'It is of another node, or was revoked there: bake one at this node.',
    );
  }
  // Without the permission for GetInfo the permissions tell what is missing.
  if (info === null) return advice(`it does not grant ${GET_INFO}, so that it was not tried${limits}`, null);
  return ends.some((end) => !Number.isNaN(end))
    ? advice(
        `accepted${limits}`,
        'When its time is over the node will be down: `argosy node rotate ID --macaroon FILE` in time.',
      )
    : done(`accepted${limits}`);
}

export function judgePermissions(grants: ReadonlySet<Grant>, network: Network): Line {
  const missing = missingPermissions(grants);
  if (missing.length > 0) {
    return failed(
      `it lacks ${missing.map(({ permission }) => permission).join(', ')}`,
      'Bake one that may do just what Argosy needs:',
      {
        items: missing.map((lack) => `${lack.permission}, to ${lack.for.join(', to ')}`),
        command: bakeCommand(LNCLI[network]),
      },
    );
  }
  const excess = excessGrants(grants);
  if (excess.length === 0) return done('all that Argosy needs, and nothing else');
  return advice(
    'all that Argosy needs, and more: a smaller macaroon limits what a thief could do',
    'Bake one that may do just that:',
    { items: someOf(excess), command: bakeCommand(LNCLI[network]) },
  );
}

const someOf = (grants: readonly Grant[]): string[] =>
  grants.length > SHOWN_MAX
    ? [...grants.slice(0, SHOWN_MAX), `and ${grants.length - SHOWN_MAX} more`]
    : [...grants];

function lineOfVersion(version: string): Line {
  const verdict = judgeVersion(version);
  const name = version.split(' ')[0] ?? version;
  switch (verdict.kind) {
    case 'good':
      return done(name);
    case 'unreadable':
      return advice(
        `${JSON.stringify(version.slice(0, 40))} cannot be read as a version`,
        'It must be 0.19.0 or newer.',
      );
    case 'refused':
      return failed(`${name}: ${verdict.why}`, 'Update LND.');
    case 'faulty':
      return advice(`${name} has known faults`, `Update to ${verdict.mended} or newer.`, {
        items: verdict.faults,
      });
  }
}

function judgeNetwork({ chains }: GetInfoResponse, network: Network): Line {
  const is = chains[0]?.network ?? 'unknown';
  if (is === LNCLI[network]) return done(is);
  return failed(
    `the node is on ${is}, the fleet on ${network}`,
    `Add a node of ${network}, or name ${is} as the network in argosy.yaml of another Argosy.`,
  );
}

const judgeSync = ({ synced_to_chain, block_height }: GetInfoResponse): Line =>
  synced_to_chain
    ? done(`synced to the chain, at block ${block_height}`)
    : advice(`behind the chain, at block ${block_height}`, 'It joins, and is used as soon as it is synced.');

/** LND's own words, without the name of the call. */
const reasonOf = (error: Error): string =>
  error instanceof LndError ? error.message.replace(/^\S+: /, '').slice(0, 200) : error.message.slice(0, 200);
