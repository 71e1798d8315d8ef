/**
 * Does LND's clock agree with ours? LND tells it nowhere, yet it judges by it: a call that may be made until a moment
 * ahead of us is refused when LND is past it, and one that was to be made earlier is taken when LND is not there yet.
 */
import { isExpired } from './call.ts';
import type { LndClient } from './client.ts';

/** What sends that expire bear; ms. */
const TOLERANCE_MS = 10_000;
const LOOK_MS = 5_000;

/** By so much and more it is ahead of ours, or behind. */
export type ClockOf = 'agrees' | 'ahead' | 'behind';

/** @throws LndError without an answer */
export async function readClock({ lightning }: Pick<LndClient, 'lightning'>): Promise<ClockOf> {
  const isTaken = (expiresAt: number): Promise<boolean> =>
    lightning.getInfo({}, { deadlineMs: LOOK_MS, expiresAt }).then(
      () => true,
      (error: unknown) => {
        if (isExpired(error)) return false;
        throw error;
      },
    );
  if (!(await isTaken(Date.now() + TOLERANCE_MS))) return 'ahead';
  return (await isTaken(Date.now() - TOLERANCE_MS)) ? 'behind' : 'agrees';
}
