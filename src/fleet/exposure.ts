/** What is at risk at a node. */
import { type Msat, msat } from '../money/msat.ts';
import type { OwnNode } from './fleet.ts';

/**
 * What a node may still take; null: it has no cap.
 * @param exposureMsat what it holds
 */
export const roomMsat = ({ exposureMsatMax }: OwnNode, exposureMsat: Msat): Msat | null => {
  if (exposureMsatMax === null || exposureMsatMax === undefined) return null;
  return msat(exposureMsatMax > exposureMsat ? exposureMsatMax - exposureMsat : 0n);
};
