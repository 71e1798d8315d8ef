/** Every example of the documentation, typed as it stands, in its order, at one real `argosy up`. See `page.ts`. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchProduct, type Product } from '../support/product.ts';
import { jsonDifference, textDifference } from './match.ts';
import { type Example, type Output, readExamples } from './page.ts';
import { openReader, type Reader } from './reader.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGES = ['README.md', 'docs/api.md', 'docs/sandbox.md'];
const ADDRESS = 'http://127.0.0.1:7300';

let folder: string;
let product: Product;
let reader: Reader;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'argosy-docs-'));
  product = launchProduct({ data: join(folder, '.argosy'), log: join(folder, 'log') });
  const { api } = await product.ready;
  reader = openReader(
    folder,
    new Map([
      [ADDRESS, api],
      ['--for 60', '--for 2'],
      ['node bin/argosy.js', 'npx argosy'],
    ]),
  );
}, 60_000);
afterAll(async () => {
  await product?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const difference = ({ kind, expected }: Output, written: string): string | null =>
  kind === 'json' ? jsonDifference(expected, written) : textDifference(expected, written);

/** @param path as in `.attempts[0].node` */
function valueAt(written: string, path: string): string {
  const names = path.split(/[.[\]]+/).filter((name) => name !== '');
  const value = names.reduce<unknown>(
    (at, name) => (at as Record<string, unknown>)?.[name],
    JSON.parse(written),
  );
  if (typeof value !== 'string') throw new Error(`there is no ${path} in ${written}`);
  return value;
}

async function follow({ at, exitCode, keeps, output, ...example }: Example): Promise<void> {
  const ran = await reader.run({ at, exitCode, keeps, output, ...example });
  expect(ran.code, `${at} exits with ${ran.code}\n${ran.stdout}\n${ran.stderr}`).toBe(exitCode);
  const written = exitCode === 0 ? ran.stdout : `${ran.stdout}${ran.stderr}`;
  if (output !== null) expect(difference(output, written), at).toBe(null);
  for (const [name, path] of keeps) reader.keep(name, valueAt(ran.stdout, path));
}

const titleOf = ({ at, code, language }: Example): string => {
  const [line = ''] = code
    .trim()
    .split('\n')
    .slice(language === 'js' ? -1 : 0);
  return `${at} ${line.slice(0, 70)}`;
};

describe.each(PAGES)('%s', (page) => {
  const examples = readExamples(page, readFileSync(join(ROOT, page), 'utf8'));

  it('has examples', () => expect(examples.length).toBeGreaterThan(0));
  for (const example of examples) it(titleOf(example), () => follow(example), 60_000);
});
