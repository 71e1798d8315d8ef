/** `lndconnect://HOST:PORT?cert=...&macaroon=...`: address, certificate (DER) and macaroon, both in base64url. */
import { X509Certificate } from 'node:crypto';
import type { CredentialChange, NodeCredentials, ReadChange, ReadCredentials } from '../credentials.ts';
import { readMacaroon } from './macaroon.ts';

const fault = (detail: string) => ({ kind: 'fault', detail }) as const;

/** Where the certificate is missing, a public authority has signed it. */
export function readLndconnect(uri: string): ReadCredentials {
  const text = uri.trim();
  if (!/^lndconnect:\/\//i.test(text) || !URL.canParse(text)) {
    return fault(
      'it does not begin with lndconnect://HOST:PORT; `lndconnect -j` or your node software prints it',
    );
  }
  const { host, searchParams } = new URL(text);
  const certificate = readCertificate(searchParams.get('cert'));
  if (certificate === undefined) return fault('its cert is no certificate; copy the URI as a whole');
  const macaroon = hexOf(searchParams.get('macaroon') ?? '');
  return readParts({ address: host, certificates: certificate === null ? [] : [certificate], macaroon });
}

/** Checks what was handed over piece by piece. @param certificates PEM, of one certificate or more each */
export function readParts(given: NodeCredentials): ReadCredentials {
  const read = readChange(given);
  return read.kind === 'fault'
    ? read
    : { kind: 'credentials', credentials: { ...given, ...read.change } as NodeCredentials };
}

/** As `readParts`, for those that are given. */
export function readChange({ address, certificates, macaroon }: CredentialChange): ReadChange {
  if (address !== undefined && !/^(\[[0-9a-f:]+\]|[^\s:/@]+):\d{1,5}$/i.test(address)) {
    return fault(
      "the address must be HOST:PORT; the port of LND's gRPC is 10009 unless rpclisten says otherwise",
    );
  }
  const pinned = certificates?.flatMap(splitPem);
  if (pinned?.length === 0 && certificates?.length !== 0) {
    return fault('the certificate must be PEM, as in the tls.cert of LND');
  }
  if (pinned?.every(isCertificate) === false) {
    return fault('the certificate is damaged; copy tls.cert of LND anew');
  }
  const hex = macaroon?.toLowerCase();
  if (hex !== undefined && readMacaroon(hex).kind === 'fault') {
    return fault(
      "the macaroon is none of LND's; give the binary file (admin.macaroon, or one you have baked), or its hex",
    );
  }
  return { kind: 'change', change: { address, certificates: pinned, macaroon: hex } };
}

const PEM = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;
const splitPem = (text: string): string[] => [...(text.match(PEM) ?? [])].map((pem) => `${pem}\n`);

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}

/** Null: none is given. Undefined: it is none. Some software writes PEM's own base64, with or without its frame. */
function readCertificate(text: string | null): string | null | undefined {
  if (text === null || text === '') return null;
  const base64 = text
    .replace(/-----[A-Z ]+-----|\s/g, '')
    .replaceAll('-', '+')
    .replaceAll('_', '/');
  const lines = base64.replace(/=+$/, '').match(/.{1,64}/g) ?? [];
  const padding = '='.repeat((4 - (lines.join('').length % 4)) % 4);
  const pem = `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}${padding}\n-----END CERTIFICATE-----\n`;
  return isCertificate(pem) ? pem : undefined;
}

const hexOf = (base64url: string): string => Buffer.from(base64url, 'base64url').toString('hex');
