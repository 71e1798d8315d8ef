/** The same stories, over one process that serves and two that work: what is killed is a worker. */
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { freshDatabase, urlOf } from '../support/database.ts';
import { launchParts } from '../support/parts.ts';
import { tellStories } from '../support/told.ts';
import { missingDaemons } from './net/daemons.ts';
import { openLndFleet } from './told_fleet.ts';

const missing = missingDaemons('lnd', 'btcd');
const open = async () => {
  const db = await freshDatabase();
  const parts = launchParts(urlOf(db), 2);
  const fleet = await openLndFleet(({ folder, config }) =>
    parts.launch({ data: join(folder, 'data'), log: join(folder, 'log'), config }),
  );
  return {
    ...fleet,
    async stop() {
      await fleet.stop();
      await db.close();
    },
  };
};
if (missing === null) tellStories('LND nodes, over three processes', open);
else describe('a fleet over three processes', () => it.skip(`tells its stories (${missing})`, () => {}));
