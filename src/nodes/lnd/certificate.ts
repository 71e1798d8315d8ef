/** Which certificate a daemon shows. No secret is sent: the connection ends with its handshake. */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import type { Pin } from '../check.ts';

export type Shown =
  | {
      readonly kind: 'shown';
      readonly pin: Pin /** By a public authority, for this name. */;
      readonly vouched: boolean;
    }
  | { readonly kind: 'unreachable' | 'no_tls'; readonly why: string };

/** @param pem of one certificate */
export const pinOf = (pem: string): Pin => pinOfCertificate(new X509Certificate(pem));

const pinOfCertificate = ({ fingerprint256, validToDate }: X509Certificate): Pin => ({
  fingerprint: fingerprint256,
  expiresAt: validToDate.getTime(),
});

const WHY: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
  EHOSTUNREACH: 'no way leads to that host',
  ENETUNREACH: 'no way leads to that network',
  ETIMEDOUT: 'it does not answer',
};

/** @param address `HOST:PORT` */
export function showCertificate(address: string, timeoutMs: number): Promise<Shown> {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  const port = Number(address.slice(colon + 1));
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port,
      ALPNProtocols: ['h2'],
      rejectUnauthorized: false,
      ...(isIP(host) === 0 ? { servername: host } : {}),
    });
    let reached = false;
    const end = (shown: Shown): void => {
      socket.destroy();
      resolve(shown);
    };
    socket.setTimeout(timeoutMs, () =>
      end({ kind: reached ? 'no_tls' : 'unreachable', why: `no answer in ${timeoutMs / 1000} s` }),
    );
    socket.on('connect', () => {
      reached = true;
    });
    socket.on('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate();
      if (certificate === undefined) return end({ kind: 'no_tls', why: 'it shows no certificate' });
      return end({ kind: 'shown', pin: pinOfCertificate(certificate), vouched: socket.authorized });
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const why = WHY[error.code ?? ''] ?? error.message;
      end({ kind: reached ? 'no_tls' : 'unreachable', why });
    });
  });
}
