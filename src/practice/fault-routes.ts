import { z } from '@hono/zod-openapi';
import type { Guarded } from '../access/http.ts';
import type { Api } from '../kit/http.ts';
import { body, json } from '../kit/shapes.ts';
import { DELAY_MS_DEFAULT, DELAY_MS_MAX, FAULTS, type Fault, type Faults, readFault } from './faults.ts';

const nodeParam = z.object({ name: z.string().max(40).openapi({ example: 'eu' }) });

export const faultSchema = z
  .strictObject({
    how: z.enum(FAULTS).openapi({
      description: 'dies: answers nothing; cut-off: all its links are down; slow: calls take longer',
    }),
    delay_ms: z
      .int()
      .min(1)
      .max(DELAY_MS_MAX)
      .optional()
      .openapi({ description: `for slow: ms that each call takes longer; default ${DELAY_MS_DEFAULT}` }),
  })
  .openapi({ example: { how: 'dies' } });

export const conditionSchema = z.object({
  node: z.string(),
  how: z.enum(FAULTS).nullable().openapi({ description: 'null: nothing is wrong with it' }),
  delay_ms: z.int().nullable(),
});

export const conditionsSchema = z.object({ data: z.array(conditionSchema) });

export const conditionView = (node: string, fault: Fault | null): z.infer<typeof conditionSchema> => ({
  node,
  how: fault?.kind ?? null,
  delay_ms: fault?.kind === 'slow' ? fault.delayMs : null,
});

/** The routes that break own nodes and heal them: to learn what Argosy does then, and to build against it. */
export function faultRoutes(api: Api, guarded: Guarded, faults: Faults): void {
  api.openapi(
    guarded('practice:use', {
      method: 'get',
      path: '/v1/practice/faults',
      summary: 'The own nodes that are broken now, on purpose',
      responses: { 200: json(conditionsSchema, 'None: all are well') },
    }),
    (c) => c.json({ data: [...faults.current()].map(([node, fault]) => conditionView(node, fault)) }, 200),
  );

  api.openapi(
    guarded('practice:use', {
      method: 'post',
      path: '/v1/practice/nodes/{name}/faults',
      summary: 'Break an own node; another fault takes the place of the last',
      request: { params: nodeParam, ...body(faultSchema) },
      responses: { 201: json(conditionSchema, 'What is wrong with it now') },
    }),
    async (c) => {
      const { name } = c.req.valid('param');
      const { how, delay_ms } = c.req.valid('json');
      const fault = readFault(how, delay_ms);
      await faults.set(name, fault);
      return c.json(conditionView(name, fault), 201);
    },
  );

  api.openapi(
    guarded('practice:use', {
      method: 'post',
      path: '/v1/practice/nodes/{name}/heal',
      summary: 'Make an own node well again; its links come back within a second',
      request: { params: nodeParam },
      responses: { 200: json(conditionSchema, 'Nothing is wrong with it any more') },
    }),
    async (c) => {
      const { name } = c.req.valid('param');
      await faults.set(name, null);
      return c.json(conditionView(name, null), 200);
    },
  );
}
