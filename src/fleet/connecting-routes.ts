import { z } from '@hono/zod-openapi';
import type { Guarded } from '../access/http.ts';
import type { Api } from '../kit/http.ts';
import { Problem } from '../kit/problems.ts';
import { body, json, msatText } from '../kit/shapes.ts';
import { type NodeId, nodeId } from '../lightning/ids.ts';
import { msat } from '../money/msat.ts';
import { type NodeCheck, type Pin, passed } from '../nodes/check.ts';
import type { CredentialChange, NodeCredentials } from '../nodes/credentials.ts';
import type { Connecting, NodeOrder } from './connecting.ts';
import type { Fleet } from './fleet.ts';
import { nodeView } from './node-view.ts';
import type { Daemons } from './own-nodes.ts';
import { nodeSchema } from './schemas.ts';

const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be 1 to 32 lower-case letters, digits and dashes');
const secret = 'a secret: stored sealed, never told again';
/** Either the URI, or the parts of it. */
const credentialFields = {
  lndconnect: z
    .string()
    .max(20_000)
    .optional()
    .openapi({ description: `lndconnect URI; ${secret}` }),
  address: z.string().max(300).optional().openapi({ example: 'lnd.example:10009' }),
  certificates: z
    .array(z.string().max(20_000))
    .max(2)
    .optional()
    .openapi({ description: 'PEM, to be pinned; none: a public authority vouches for it' }),
  macaroon: z
    .string()
    .max(40_000)
    .optional()
    .openapi({ description: `hex; ${secret}` }),
};

export const nodeBody = z.strictObject({
  id: name.openapi({ example: 'eu' }),
  region: z.string().min(1).max(40).optional(),
  driver: z.literal('lnd').default('lnd'),
  ...credentialFields,
  exposure_msat_max: msatText
    .optional()
    .openapi({ description: 'the most that it may hold, in channels and coins; msat' }),
  check_only: z.boolean().default(false).openapi({ description: 'look, and store nothing' }),
});
export const rotationBody = z.strictObject({
  ...credentialFields,
  done: z
    .boolean()
    .default(false)
    .openapi({ description: 'end the rotation: drop the pins that are not shown' }),
});
export const removalBody = z.strictObject({
  force: z
    .boolean()
    .default(false)
    .openapi({ description: 'also where the books say that it holds something' }),
});

const checkSchema = z
  .object({
    name: z.string().openapi({ example: 'permissions' }),
    state: z.enum(['done', 'advice', 'failed']),
    detail: z.string(),
    items: z.array(z.string()),
    fix: z.string().nullable().openapi({ description: 'the way out' }),
    command: z.string().nullable().openapi({ description: 'to be typed where the daemon runs' }),
  })
  .openapi('NodeCheck');
const pinSchema = z
  .object({ fingerprint: z.string(), expires_at: z.int().openapi({ description: 'ms since 1970' }) })
  .openapi('CertificatePin');
export const connectedSchema = z
  .object({
    node: z.string(),
    passed: z.boolean(),
    stored: z.boolean(),
    joined: z.boolean(),
    waiting_for: z
      .string()
      .nullable()
      .openapi({ description: 'why it has not joined yet; it is tried again' }),
    checks: z.array(checkSchema),
  })
  .openapi('ConnectedNode');
export const rotatedSchema = z
  .object({ node: z.string(), pins: z.array(pinSchema), checks: z.array(checkSchema) })
  .openapi('RotatedNode');
export const removedSchema = z
  .object({
    node: z.string(),
    holds_msat: msatText.openapi({ description: 'what it holds by the books, which stay' }),
    configured: z.boolean().openapi({ description: 'argosy.yaml names it: it is back after the next start' }),
  })
  .openapi('RemovedNode');
export const shownNodeSchema = nodeSchema
  .extend({
    connection: z
      .object({ address: z.string(), pins: z.array(pinSchema) })
      .nullable()
      .openapi({ description: 'null: its credentials are not in the vault' }),
  })
  .openapi('ShownNode');

const checksView = ({ lines }: NodeCheck) => lines.map((line) => ({ ...line, items: [...line.items] }));
const pinView = ({ fingerprint, expiresAt }: Pin) => ({ fingerprint, expires_at: expiresAt });

/** @param own null: the practice fleet, whose nodes are what they are. */
export function connectingRoutes(
  api: Api,
  guarded: Guarded,
  fleet: Fleet,
  own: { readonly connecting: Connecting; readonly daemons: Daemons } | null,
): void {
  const params = z.object({ id: name.openapi({ example: 'eu' }) });
  const change = (path: string, summary: string) => ({ method: 'post' as const, path, summary });

  api.openapi(
    guarded('nodes:read', {
      method: 'get',
      path: '/v1/nodes/{id}',
      summary: 'One own node, and how it is reached',
      request: { params },
      responses: { 200: json(shownNodeSchema, 'The node') },
    }),
    async (c) => {
      const id = nodeId(c.req.valid('param').id);
      const node = fleet.nodes.find((each) => each.id === id);
      if (node === undefined) throw unknown(id);
      const connection = own === null ? null : await own.connecting.connection(id);
      const exposures = await fleet.exposures();
      return c.json(
        {
          ...(await nodeView(fleet, node, exposures.get(id))),
          connection: connection && { address: connection.address, pins: connection.pins.map(pinView) },
        },
        200,
      );
    },
  );

  api.openapi(
    guarded('nodes:write', {
      ...change('/v1/nodes', 'Check a node, store its credentials sealed, and take it into the fleet'),
      request: body(nodeBody),
      responses: { 200: json(connectedSchema, 'It was checked; see `passed`, `stored`, `joined`') },
    }),
    async (c) => {
      const { connecting, daemons } = ownOf(own);
      const asked = c.req.valid('json');
      const order: NodeOrder = {
        id: nodeId(asked.id),
        region: asked.region ?? null,
        exposureMsatMax: asked.exposure_msat_max === undefined ? null : msat(BigInt(asked.exposure_msat_max)),
        credentials: readGiven(daemons, asked),
      };
      if (asked.check_only) {
        const check = await connecting.check(order);
        const nothing = { stored: false, joined: false, waiting_for: null };
        return c.json({ node: order.id, passed: passed(check), ...nothing, checks: checksView(check) }, 200);
      }
      const { check, joining } = await connecting.add(order);
      const joined = joining.kind === 'joined';
      return c.json(
        {
          node: order.id,
          passed: true,
          stored: true,
          joined,
          waiting_for: joined ? null : joining.reason,
          checks: checksView(check),
        },
        200,
      );
    },
  );

  api.openapi(
    guarded('nodes:write', {
      ...change('/v1/nodes/{id}/rotate', 'New credentials: the certificate is pinned beside the old one'),
      request: { params, ...body(rotationBody) },
      responses: { 200: json(rotatedSchema, 'What is pinned now') },
    }),
    async (c) => {
      const { connecting, daemons } = ownOf(own);
      const id = nodeId(c.req.valid('param').id);
      const { done, ...asked } = c.req.valid('json');
      const { check, pins } = done
        ? await connecting.endRotation(id)
        : await connecting.rotate(id, readChange(daemons, asked));
      return c.json({ node: id, pins: pins.map(pinView), checks: checksView(check) }, 200);
    },
  );

  api.openapi(
    guarded('nodes:write', {
      ...change('/v1/nodes/{id}/remove', 'Forget the credentials of a node; its history stays'),
      request: { params, ...body(removalBody) },
      responses: { 200: json(removedSchema, 'It has left') },
    }),
    async (c) => {
      const id = nodeId(c.req.valid('param').id);
      const removed = await ownOf(own).connecting.remove(id, c.req.valid('json').force);
      const { holdsMsat, configured } = removed;
      return c.json({ node: id, holds_msat: holdsMsat.toString(), configured }, 200);
    },
  );
}

/** For whoever asks an own fleet for the practice world. */
export function practiceIsElsewhere(api: Api): void {
  api.all('/v1/practice/*', () => {
    throw new Problem('fleet_is_own', 'The nodes of this fleet are real, and so are those they trade with.');
  });
}

/** @throws Problem fleet_is_practice */
function ownOf<T>(own: T | null): T {
  if (own !== null) return own;
  throw new Problem(
    'fleet_is_practice',
    'The practice fleet has the nodes that it has; write `nodes: []` into argosy.yaml for an own fleet.',
  );
}

type Given = z.infer<z.ZodObject<typeof credentialFields>>;

/** @throws Problem node_credentials_invalid */
function readGiven(daemons: Daemons, given: Given): NodeCredentials {
  const { lndconnect, address, certificates = [], macaroon } = given;
  if (lndconnect !== undefined) {
    if (given.address !== undefined || given.certificates !== undefined || macaroon !== undefined) {
      throw invalid('give the lndconnect URI, or address, certificates and macaroon, not both');
    }
    const read = daemons.readUri(lndconnect);
    if (read.kind === 'fault') throw invalid(read.detail);
    return read.credentials;
  }
  if (address === undefined || macaroon === undefined) {
    throw invalid('give the lndconnect URI, or address, certificates and macaroon');
  }
  const read = daemons.readParts({ address, certificates, macaroon });
  if (read.kind === 'fault') throw invalid(read.detail);
  return read.credentials;
}

/** Parts may be missing: they stay as they are. @throws Problem node_credentials_invalid */
function readChange(daemons: Daemons, given: Given): CredentialChange {
  if (given.lndconnect !== undefined) return readGiven(daemons, given);
  const { address, certificates, macaroon } = given;
  if (address === undefined && certificates === undefined && macaroon === undefined) {
    throw invalid('give what is new: a certificate, a macaroon or an address');
  }
  const read = daemons.readChange({ address, certificates, macaroon });
  if (read.kind === 'fault') throw invalid(read.detail);
  return read.change;
}

const invalid = (detail: string): Problem =>
  new Problem('node_credentials_invalid', `credentials: ${detail}.`, { field: 'credentials' });

const unknown = (id: NodeId): Problem =>
  new Problem('node_unknown', `node: there is no ${id}; see \`argosy nodes\`.`, { field: 'node' });
