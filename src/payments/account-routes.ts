/** Claim accounts: the business's own funds, and customers' (custodial, and said to be so). */
import { z } from '@hono/zod-openapi';
import type { Guarded } from '../access/http.ts';
import type { Db } from '../kit/db.ts';
import { type Api, pageQuery, readTextCursor, writeTextCursor } from '../kit/http.ts';
import { Problem } from '../kit/problems.ts';
import { body, json, msatText } from '../kit/shapes.ts';
import { customerAccount, isAccountName } from '../ledger/account.ts';
import { openClaim, readClaims } from '../ledger/store.ts';
import { pageOf } from './schemas.ts';

export const accountSchema = z
  .object({
    id: z.string().openapi({ example: 'customer:acme' }),
    custodial: z.boolean().openapi({ description: 'true: owed to somebody else, not own funds' }),
    free_msat: msatText,
    held_msat: msatText.openapi({ description: 'set aside for payments under way' }),
  })
  .openapi('Account');

const ACCOUNT_ID = /^[a-z][a-z0-9:-]{0,60}$/;

export function accountRoutes(api: Api, guarded: Guarded, db: Db): void {
  api.openapi(
    guarded('balances:read', {
      method: 'get',
      path: '/v1/accounts',
      summary: 'Who owns what: own funds and customers, by id',
      request: { query: pageQuery },
      responses: { 200: json(pageOf('AccountPage', accountSchema), 'A page') },
    }),
    async (c) => {
      const { cursor, limit } = c.req.valid('query');
      const claims = await readClaims(db.read, { after: readTextCursor(cursor, ACCOUNT_ID), limit });
      const data = claims.map(({ id, free_msat, held_msat }) => accountView(id, free_msat, held_msat));
      const last = claims.length === limit ? claims.at(-1) : undefined;
      return c.json({ data, next_cursor: last === undefined ? null : writeTextCursor(last.id) }, 200);
    },
  );

  api.openapi(
    guarded('accounts:write', {
      method: 'post',
      path: '/v1/accounts',
      summary: 'Open the account of a customer',
      request: body(z.strictObject({ name: z.string().max(100).openapi({ example: 'acme' }) })),
      responses: { 201: json(accountSchema, 'The account, empty') },
    }),
    async (c) => {
      const { name } = c.req.valid('json');
      if (!isAccountName(name)) {
        throw new Problem(
          'account_name_invalid',
          'name: use 1 to 40 lower-case letters, digits and dashes, not a dash first.',
          { field: 'name' },
        );
      }
      const account = customerAccount(name);
      const opened = await db.tx((tx) => openClaim(tx, account));
      if (opened) return c.json(accountView(account.id, 0n, 0n), 201);
      throw new Problem('account_exists', `name: ${account.id} is there already; use it, or another name.`, {
        field: 'name',
      });
    },
  );
}

const accountView = (id: string, free: bigint, held: bigint): z.infer<typeof accountSchema> => ({
  id,
  custodial: id.startsWith('customer:'),
  free_msat: free.toString(),
  held_msat: held.toString(),
});
