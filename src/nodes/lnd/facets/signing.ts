import { nodePubkey } from '../../../lightning/ids.ts';
import type { Signing } from '../../facets.ts';
import type { LndClient } from '../client.ts';

/** 65 bytes in zbase32. */
const SIGNATURE = /^[ybndrfg8ejkmcpqxot1uwisza345h769]{104}$/;

export const signing = ({ lightning }: LndClient): Signing => ({
  async sign(message) {
    return (await lightning.signMessage({ msg: Buffer.from(message) })).signature;
  },
  /** LND's `valid` says besides whether the signer is in its graph, which is another question. */
  async signerOf(message, signature) {
    if (!SIGNATURE.test(signature)) return null;
    const { pubkey } = await lightning.verifyMessage({ msg: Buffer.from(message), signature });
    return pubkey === '' ? null : nodePubkey(pubkey);
  },
});
