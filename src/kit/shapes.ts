/** Pieces of schema that the routes of all rooms share. */
import { z } from '@hono/zod-openapi';

export const msatText = z
  .string()
  .regex(/^\d+$/)
  .openapi({ example: '25000000', description: 'msat, decimal' });

/** A JSON answer. */
export const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});

/** A JSON body that must be there. */
export const body = <T extends z.ZodType>(schema: T) => ({
  body: { content: { 'application/json': { schema } }, required: true },
});
