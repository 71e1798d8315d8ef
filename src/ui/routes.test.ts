/** The files of the pages, and nothing beside them. */
import { expect, it } from 'vitest';
import { createApi } from '../kit/http.ts';
import { silentLog } from '../kit/log.ts';
import { pageRoutes } from './routes.ts';

const api = createApi(silentLog);
pageRoutes(api);

it.each([
  ['/', 'text/html; charset=utf-8'],
  ['/map/main.js', 'text/javascript; charset=utf-8'],
  ['/map/map.css', 'text/css; charset=utf-8'],
  ['/map/icon.svg', 'image/svg+xml'],
])('%s is %s, and may have nothing from elsewhere', async (path, type) => {
  const { status, headers } = await api.request(path);
  expect(status).toBe(200);
  expect(headers.get('content-type')).toBe(type);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  const policy = headers.get('content-security-policy') ?? '';
  expect(policy).toMatch(/^default-src 'self';/);
  expect(policy).not.toMatch(/unsafe|http|data:|\*/);
});

it.each([
  '/map/',
  '/map/map.html',
  '/map/tsconfig.json',
  '/map/layout.test.ts',
  '/map/..%2froutes.ts',
  '/map/main.ts',
])('%s is nothing', async (path) => {
  expect((await api.request(path)).status).toBe(404);
});

it('has neither script nor style in the page itself', async () => {
  const page = await (await api.request('/')).text();
  expect(page).not.toMatch(/<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)/i);
});
