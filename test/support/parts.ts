/** Argosy as several processes on one database: one serves, others work. Taken together they are the product. */
import { randomBytes } from 'node:crypto';
import { type Launch, launchProduct, type Product } from './product.ts';

export interface Parts {
  /** Starts those that are not running. `kill` kills one worker alone: another one each time. */
  launch(launch: Pick<Launch, 'data' | 'log' | 'config'>): Product;
  /** Resolves when all have ended by themselves. */
  stopped(): Promise<void>;
}

/** @param url of the database */
export function launchParts(url: string, workers: number): Parts {
  const env = { ARGOSY_DATABASE_URL: url, ARGOSY_VAULT_KEY: randomBytes(32).toString('hex') };
  let server: Product | null = null;
  const working: Product[] = [];
  return {
    async stopped() {
      await Promise.all([server, ...working].map((part) => part?.exited));
    },
    launch(launch) {
      server ??= launchProduct({ ...launch, role: 'serve', env });
      while (working.length < workers) working.push(launchProduct({ ...launch, role: 'work', env }));
      const serving = server;
      const all = [serving, ...working];
      return {
        pid: serving.pid,
        ready: Promise.all(all.map(({ ready }) => ready)).then(([first]) => {
          if (first === undefined) throw new Error('nobody serves');
          return first;
        }),
        exited: serving.exited,
        async kill() {
          await working.shift()?.kill();
        },
        async stop() {
          await Promise.all([serving, ...working].map((part) => part.stop()));
        },
      };
    },
  };
}
