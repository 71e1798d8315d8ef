import { z } from '@hono/zod-openapi';
import type { Guarded } from '../access/http.ts';
import type { Api } from '../kit/http.ts';
import { Problem } from '../kit/problems.ts';
import { body, json } from '../kit/shapes.ts';
import type { NodeId } from '../lightning/ids.ts';
import type { Fleet, OwnNode } from './fleet.ts';
import { nodeView } from './node-view.ts';
import type { PanicState } from './panic.ts';
import { drainBody, goOnBody, goOnSchema, nodeSchema, panicBody, panicSchema } from './schemas.ts';

const nodeParam = z.object({ id: z.string().max(40).openapi({ example: 'eu' }) });

/** What an operator switches: nodes off and on, and all sending. */
export function switchRoutes(api: Api, guarded: Guarded, fleet: Fleet): void {
  const find = (id: string): OwnNode => {
    const own = fleet.nodes.find((each) => each.id === id);
    if (own !== undefined) return own;
    const names = fleet.nodes.map((each) => each.id).join(', ');
    throw new Problem('not_found', `id: there is no node ${JSON.stringify(id)}; there are ${names}.`, {
      field: 'id',
    });
  };
  const view = async (own: OwnNode) => nodeView(fleet, own, (await fleet.exposures()).get(own.id));

  api.openapi(
    guarded('nodes:write', {
      method: 'post',
      path: '/v1/nodes/{id}/drain',
      summary:
        'The node starts nothing new; what is under way goes on, and invoices that are out are credited',
      request: { params: nodeParam, ...body(drainBody) },
      responses: { 200: json(nodeSchema, 'The node, drained: also after a restart') },
    }),
    async (c) => {
      const own = find(c.req.valid('param').id);
      await fleet.drain(own.id, c.req.valid('json').reason, c.get('caller').name);
      return c.json(await view(own), 200);
    },
  );

  api.openapi(
    guarded('nodes:write', {
      method: 'post',
      path: '/v1/nodes/{id}/resume',
      summary: 'Ends a drain, by hand or by rule; a rule that still holds drains the node again',
      request: { params: nodeParam, ...body(z.strictObject({})) },
      responses: { 200: json(nodeSchema, 'The node') },
    }),
    async (c) => {
      const own = find(c.req.valid('param').id);
      await fleet.resume(own.id, c.get('caller').name);
      return c.json(await view(own), 200);
    },
  );

  api.openapi(
    guarded('nodes:write', {
      method: 'post',
      path: '/v1/nodes/{id}/go-on-without',
      summary:
        'After the database was put back: goes on without the history of a node that is gone for good. What it paid since may be paid again',
      request: { params: nodeParam, ...body(goOnBody) },
      responses: { 200: json(goOnSchema, 'Whether its history was waited for') },
    }),
    async (c) => {
      const { id } = find(c.req.valid('param').id);
      const waived = await fleet.goOnWithout(id, c.req.valid('json').reason, c.get('caller').name);
      return c.json({ node: id, waived, waiting_for: [...fleet.pastSeen().unimported] }, 200);
    },
  );

  api.openapi(
    guarded('nodes:read', {
      method: 'get',
      path: '/v1/panic',
      summary: 'Whether all sending is stopped; since when, by whom and why',
      responses: { 200: json(panicSchema, 'The panic switch') },
    }),
    async (c) => c.json(panicView(await fleet.panic()), 200),
  );

  api.openapi(
    guarded('nodes:write', {
      method: 'post',
      path: '/v1/panic',
      summary: 'Stop all sending, or let it go on; receiving goes on, and so does what is under way',
      request: body(panicBody),
      responses: { 200: json(panicSchema, 'As it stands now, for every process on the database') },
    }),
    async (c) => {
      const { on, reason = null } = c.req.valid('json');
      return c.json(panicView(await fleet.setPanic({ on, reason, principal: c.get('caller').name })), 200);
    },
  );
}

const panicView = ({ on, reason, principal, at, epoch, waitingFor }: PanicState) => ({
  on,
  reason,
  principal,
  at: epoch === 0n ? null : new Date(at).toISOString(),
  waiting_for: waitingFor.map((id: NodeId): string => id),
});
