/** The map in a real browser, over simulated nodes. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Argosy, createArgosy, sat } from '../../src/sdk/index.ts';
import {
  BRING_BROWSER,
  expectAccessible,
  hasBrowser,
  openBrowser,
  type Visit,
  visit,
} from '../support/browser.ts';
import { openRelay } from '../support/relay.ts';
import { type ServedFleet, startServedFleet } from '../support/served-fleet.ts';
import { misbook } from '../support/theft.ts';

const WAIT_MS = 60_000;

describe.skipIf(!hasBrowser)(
  `the map${hasBrowser ? '' : ` (bring a browser with: ${BRING_BROWSER})`}`,
  () => {
    let fleet: ServedFleet;
    let argosy: Argosy;
    let browser: Browser;
    beforeAll(async () => {
      [fleet, browser] = await Promise.all([startServedFleet('map'), openBrowser()]);
      argosy = createArgosy(fleet);
    }, WAIT_MS);
    afterAll(async () => {
      await browser?.close();
      await fleet?.stop();
    });

    let visits: Visit[] = [];
    /** What the browser says of answers that are refusals, where a test provokes them. */
    let expected: RegExp | null = null;
    const open = async (url: string, options?: BrowserContextOptions): Promise<Page> => {
      const visited = await visit(browser, url, options);
      visits.push(visited);
      return visited.page;
    };
    const openMap = async (options?: BrowserContextOptions): Promise<Page> => {
      const page = await open(`${fleet.api}/#key=${fleet.key}`, options);
      await says(page, '#verdict', 'All 3 nodes are up, the books balance');
      return page;
    };
    afterEach(async () => {
      for (const { complaints, strangers, close } of visits.splice(0)) {
        expect(complaints.filter((text) => expected?.test(text) !== true)).toEqual([]);
        expect(strangers).toEqual([]);
        await close();
      }
      visits = [];
      expected = null;
    });

    const says = (page: Page, where: string, text: string): Promise<void> =>
      page.locator(where).filter({ hasText: text }).first().waitFor({ timeout: 20_000 });
    const merchantAsks = async (amountSat = 25_000n): Promise<string> =>
      (await argosy.practice.invoiceAs('merchant', { amount_msat: sat(amountSat) })).invoice;

    it('shows nodes, channels and what they can do, and takes the key out of the address', async () => {
      const page = await openMap();
      expect(page.url()).toBe(`${fleet.api}/`);
      expect(await page.locator('.port.own').count()).toBe(3);
      expect(await page.locator('.port.other').count()).toBe(3);
      expect(await page.locator('.channel').count()).toBe(6);
      const { spendable_msat } = await argosy.balance();
      const shown = (await page.locator('#send').textContent()) ?? '';
      expect(shown.replaceAll(',', '')).toBe(`${BigInt(spendable_msat) / 1000n}`);
    });

    it('keeps the key for this tab: it is there after a reload, and in no other window', async () => {
      const page = await openMap();
      await page.reload();
      await says(page, '#verdict', 'All 3 nodes are up');
      await says(await open(fleet.api), '#gate', 'npx argosy map');
    });

    it('shows a payment while it is under way, and then that it has settled', async () => {
      const page = await openMap();
      fleet.network.faults('merchant').holdPayments();
      const { id } = await argosy.pay({ invoice: await merchantAsks() });
      await page.locator('#picture .dot.out').waitFor({ state: 'attached' });
      await says(page, '#recent li', 'in flight');
      fleet.network.faults('merchant').releasePayments();
      await page.locator('.mark[data-state=settled]').waitFor({ state: 'attached' });
      await says(page, '#recent li[data-state=settled]', '25,000 sat');
      await says(page, '#recent li', 'eu → merchant');
      expect(await argosy.payment(id)).toMatchObject({ state: 'settled' });
    });

    it('shows a payment that fails as failed, and why', async () => {
      const page = await openMap();
      const { invoice } = await argosy.practice.invoiceAs('merchant', { amount_msat: sat(5_000_000n) });
      await argosy.payAndWait({ invoice, fee_limit_msat: 0n, timeout_seconds: 1 });
      await says(page, '#recent li[data-state=failed]', '✕');
      await says(page, '#recent li[data-state=failed]', 'fee limit');
    });

    it('shows money that comes in, from whom and to which node', async () => {
      const page = await openMap();
      const { invoice } = await argosy.invoice({ amount_msat: sat(700n), region: 'asia' });
      await argosy.practice.payAs('exchange', { invoice });
      await page.locator('.mark[data-state=received]').waitFor({ state: 'attached' });
      await says(page, '#recent li', 'exchange → asia');
    });

    it('shows that a node is broken and how, and that it is well again', async () => {
      const page = await openMap();
      await argosy.practice.breakNode('eu', { how: 'dies' });
      await says(page, '#verdict', 'eu is down, killed; 2 of 3 carry on');
      await says(page, '[data-port=eu][data-health=down]', '! killed');
      expect(await page.title()).toContain('eu is down');
      expect(await page.locator('.channel.unusable').count()).toBe(2);
      await argosy.practice.healNode('eu');
      await says(page, '#verdict', 'All 3 nodes are up');
      await page.locator('[data-port=eu][data-health=well]').waitFor();
    });

    it('goes on where it was when the connection breaks', async () => {
      const relay = await openRelay(fleet.api);
      expected = /ERR_|Failed to load/;
      const page = await open(`${relay.api}/#key=${fleet.key}`);
      await says(page, '#verdict', 'All 3 nodes are up');
      await page.context().setOffline(true);
      relay.cut();
      await says(page, '#link', 'no connection');
      await says(page, '#verdict', 'this is how it was');
      await argosy.payAndWait({ invoice: await merchantAsks(31_415n) });
      await page.context().setOffline(false);
      await says(page, '#link', 'live');
      await says(page, '#verdict', 'All 3 nodes are up');
      await says(page, '#recent li[data-state=settled]', '31,415 sat');
      await page.close();
      await relay.stop();
    });

    it('says that a key is wrong, and takes another one', async () => {
      expected = /401/;
      const page = await open(`${fleet.api}/#key=argosy_${'0'.repeat(48)}`);
      await says(page, '#why', 'Argosy does not know this key');
      await page.getByLabel('API key').fill(fleet.key);
      await page.getByRole('button', { name: 'Open the map' }).click();
      await says(page, '#verdict', 'All 3 nodes are up');
    });

    it('is walked by keys: one stop for the picture, the arrows inside, the facts beside', async () => {
      const page = await openMap();
      await page.getByRole('button', { name: 'Check books' }).focus();
      await page.keyboard.press('Tab');
      await says(page, '#tip', 'us');
      await page.keyboard.press('ArrowRight');
      await says(page, '#tip', 'eu');
      await page.keyboard.press('ArrowLeft');
      await page.keyboard.press('ArrowLeft');
      await says(page, '#tip', 'Channel');
      expect(await page.locator('#picture [tabindex="0"]').count()).toBe(1);
      await page.keyboard.press('Escape');
      await page.locator('#tip').waitFor({ state: 'hidden' });
    });

    it('moves nothing where no motion is wanted', async () => {
      const page = await openMap({ reducedMotion: 'reduce' });
      fleet.network.faults('merchant').holdPayments();
      await argosy.pay({ invoice: await merchantAsks() });
      const dot = page.locator('#picture .dot');
      await dot.waitFor({ state: 'attached' });
      await page.waitForTimeout(100);
      const place = await dot.getAttribute('transform');
      await page.waitForTimeout(300);
      expect(await dot.getAttribute('transform')).toBe(place);
      fleet.network.faults('merchant').releasePayments();
      await page.locator('.mark').waitFor({ state: 'attached' });
      expect(await page.evaluate(`getComputedStyle(document.querySelector('.badge')).animationName`)).toBe(
        'none',
      );
    });

    it.each([320, 360, 768, 1440, 2560])('needs no scrolling sideways at %i pixels', async (width) => {
      const page = await openMap({ viewport: { width, height: 800 } });
      await page.locator('summary').click();
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    });

    it.each(['dark', 'light'] as const)('keeps nobody out, %s', async (colorScheme) => {
      const page = await openMap({ colorScheme });
      await page.locator('summary').click();
      await expectAccessible(page);
      await argosy.practice.breakNode('eu', { how: 'dies' });
      await says(page, '#verdict', 'eu is down');
      await expectAccessible(page);
      await argosy.practice.healNode('eu');
      await expectAccessible(await open(fleet.api, { colorScheme }));
    });

    it('checks the books when it is told to, and says so when they differ', async () => {
      const page = await openMap();
      await misbook(fleet.db, 'node:eu:channels', 1n);
      await page.getByRole('button', { name: 'Check books' }).click();
      await says(page, '#books', '✕ differ by 0.001 sat');
      await says(page, '#verdict', 'the books differ');
    });
  },
);
