/** How credentials change while both, the old and the new ones, may be met. Pure. */
import type { CredentialChange, NodeCredentials } from '../nodes/credentials.ts';

/**
 * A new certificate is pinned beside the first; one that was to come and has not is given up for it. (If the node shows
 * that one already, the check that follows tells.)
 */
export function rotate(now: NodeCredentials, change: CredentialChange): NodeCredentials {
  const fresh = (change.certificates ?? []).filter((pem) => !now.certificates.includes(pem));
  const [first] = now.certificates;
  return {
    address: change.address ?? now.address,
    certificates:
      fresh.length === 0 || first === undefined ? [...now.certificates, ...fresh] : [first, ...fresh],
    macaroon: change.macaroon ?? now.macaroon,
  };
}
