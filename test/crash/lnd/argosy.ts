/** One of the processes of Argosy, with a supervisor that starts it again when it has not come up by itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Argosy, createArgosy } from '../../../src/sdk/index.ts';
import { type Launch, launchProduct, type Product } from '../../support/product.ts';
import type { Door } from '../door.ts';
import type { Victim } from './victim.ts';

/** May be struck again while it comes up: `start` resolves then as well. */
export interface ArgosyProcess extends Victim {
  /** @throws Error while it does not run */
  client(): Argosy;
  /** Rejects when it ends by itself. */
  readonly died: Promise<never>;
  stop(): Promise<void>;
}

/** A request that is not answered meanwhile may go to the other process. */
const ANSWER_MS = 10_000;
const START_MS = 120_000;
const AGAIN_MS = 500;

export function superviseArgosy(name: string, door: Door, launch: Launch): ArgosyProcess {
  const died = Promise.withResolvers<never>();
  died.promise.catch(() => {});
  let product: Product | null = null;
  let argosy: Argosy | null = null;

  /** One that cannot start, such as for want of its database, ends and says why; its supervisor tries again. */
  async function comeUp(deadline: number): Promise<void> {
    const started = launchProduct(launch);
    product = started;
    try {
      const { api, key } = await started.ready;
      if (product === started) argosy = createArgosy({ api, key, retries: 0, timeoutMs: ANSWER_MS });
    } catch (error) {
      await started.kill();
      if (product === started && performance.now() > deadline) throw error;
      if (product === started) await sleep(AGAIN_MS);
      if (product === started) return comeUp(deadline);
      return; // killed meanwhile
    }
    if (product !== started || argosy === null) return;
    door.open(argosy);
    void started.exited.then(() => {
      if (product === started) died.reject(new Error(`${name} ended by itself; see ${launch.log}`));
    });
  }

  const group = (signal: NodeJS.Signals): void => {
    try {
      if (product !== null) process.kill(-product.pid, signal);
    } catch {
      // It has ended by itself, which `died` tells, or its supervisor is about to see.
    }
  };
  return {
    name,
    died: died.promise,
    client() {
      if (argosy === null) throw new Error(`${name} does not run`);
      return argosy;
    },
    start: () => comeUp(performance.now() + START_MS),
    async kill() {
      const killed = product;
      product = null;
      argosy = null;
      door.close();
      await killed?.kill();
    },
    freeze: () => group('SIGSTOP'),
    thaw: () => group('SIGCONT'),
    async stop() {
      const stopped = product;
      product = null;
      door.close();
      await stopped?.stop();
    },
  };
}
