/** What is looked at before a daemon joins the fleet: a checklist, each line done, or with what is missing and the way out. */
import type { NodePubkey } from '../lightning/ids.ts';

export interface CheckLine {
  readonly name:
    | 'address'
    | 'certificate'
    | 'macaroon'
    | 'wallet'
    | 'permissions'
    | 'version'
    | 'network'
    | 'sync'
    | 'identity';
  /** `advice`: it is taken all the same. */
  readonly state: 'done' | 'advice' | 'failed';
  readonly detail: string;
  /** One by one, what `detail` says of several, such as permissions that are missing. */
  readonly items: readonly string[];
  /** The way out; null: nothing is to be done. */
  readonly fix: string | null;
  /** To be typed where the daemon runs; null: none. */
  readonly command: string | null;
}

export interface NodeCheck {
  readonly lines: readonly CheckLine[];
  /** Who answered; null: nobody did, or did not say. */
  readonly pubkey: NodePubkey | null;
  /** The certificate that it shows; null: none was seen. */
  readonly shown: Pin | null;
}

/** A certificate that a daemon may show. */
export interface Pin {
  /** SHA-256 of the DER, as OpenSSL prints it: `AB:CD:...` */
  readonly fingerprint: string;
  /** ms since 1970. */
  readonly expiresAt: number;
}

export const passed = ({ lines }: Pick<NodeCheck, 'lines'>): boolean =>
  lines.every(({ state }) => state !== 'failed');
