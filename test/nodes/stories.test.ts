/** The stories of the practice fleet, over three LND nodes. */
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { launchProduct } from '../support/product.ts';
import { tellStories } from '../support/told.ts';
import { missingDaemons } from './net/daemons.ts';
import { openLndFleet } from './told_fleet.ts';

const missing = missingDaemons('lnd', 'btcd');
const open = () =>
  openLndFleet(({ folder, config }) =>
    launchProduct({ data: join(folder, 'data'), log: join(folder, 'log'), config }),
  );
if (missing === null) tellStories('LND nodes', open);
else describe('a fleet of LND nodes', () => it.skip(`tells its stories (${missing})`, () => {}));
