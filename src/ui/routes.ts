/**
 * The pages: files that anybody may read. They hold no facts; those come over the API, for the key that its user brings.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { Api } from '../kit/http.ts';

const FOLDER = new URL('./map/', import.meta.url);
const FRONT = 'map.html';

/** Of what a browser may have; every other file beside them stays here. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Nothing from anywhere else, nothing written into the page, no markup made of text. */
const HEADERS = {
  'content-security-policy': [
    "default-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; '),
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
};

/** A route for each file, and no other: no path is ever looked up on the disk. */
export function pageRoutes(api: Api): void {
  for (const name of readdirSync(FOLDER)) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const text = readFileSync(new URL(name, FOLDER), 'utf8');
    api.get(name === FRONT ? '/' : `/map/${name}`, (c) =>
      c.body(text, 200, { ...HEADERS, 'content-type': type }),
    );
  }
}
