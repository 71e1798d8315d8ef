/** Throws the panic switch, and waits until every process that could send has obeyed it. */
import type { Clock } from '../kit/clock.ts';
import type { Db } from '../kit/db.ts';
import { announce } from '../kit/outbox-store.ts';
import { Problem } from '../kit/problems.ts';
import type { NodeId } from '../lightning/ids.ts';
import { type Panic, readPanic, switchPanic, unconfirmed } from './switch-store.ts';

const WAIT_MS = 5_000;
const POLL_MS = 20;

/** `waitingFor`: nodes with a part handed over before the switch, whose answer is still to come. */
export interface PanicState extends Panic {
  readonly waitingFor: readonly NodeId[];
}

export async function readPanicState(db: Db): Promise<PanicState> {
  const panic = await readPanic(db.read);
  return { ...panic, waitingFor: panic.on ? await unconfirmed(db.read, panic.epoch) : [] };
}

/**
 * Once this has answered `on` with nobody in `waitingFor`, no part leaves any more, from any process on the database.
 * @param look has this process obey at once
 */
export async function throwSwitch(
  { db, clock }: { readonly db: Db; readonly clock: Clock },
  to: { readonly on: boolean; readonly reason: string | null; readonly principal: string },
  look: () => Promise<void>,
): Promise<PanicState> {
  await db.tx(async (tx) => {
    const thrown = await switchPanic(tx, to);
    if (thrown === null) return;
    const { reason, principal } = thrown;
    await announce(tx, to.on ? 'panic.on' : 'panic.off', 'panic', { reason, principal });
  });
  await look();
  const until = clock.elapsed() + WAIT_MS;
  for (;;) {
    const state = await readPanicState(db);
    if (state.waitingFor.length === 0 || clock.elapsed() >= until) return state;
    await clock.sleep(POLL_MS);
  }
}

/** @throws Problem sending_stopped */
export function refuseInPanic({ on, reason, principal, at }: Panic): void {
  if (!on) return;
  const why = reason === null ? '' : `: ${reason}`;
  throw new Problem(
    'sending_stopped',
    `All sending was stopped at ${new Date(at).toISOString()} by ${principal ?? 'somebody'}${why}. Nothing was sent; \`argosy panic off\` ends it.`,
  );
}
