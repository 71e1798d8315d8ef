import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { makeRunFolder, startTestServer } from './server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The folder of this run; `server.json` appears in it once the database server is ready. */
    runFolder: string;
  }
}

/** Starts the database server beside the tests: those that need none do not wait for it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await makeRunFolder();
  project.provide('runFolder', folder);
  const tell = (message: object): void => {
    writeFileSync(join(folder, 'server.json.new'), JSON.stringify(message));
    renameSync(join(folder, 'server.json.new'), join(folder, 'server.json'));
  };
  const starting = startTestServer(folder).then(
    (started) => {
      tell(started.server);
      return started.stop;
    },
    (error: unknown) => tell({ failed: String(error) }),
  );
  return async () => {
    const stop = await starting;
    await stop?.();
    rmSync(folder, { recursive: true, force: true });
  };
}
