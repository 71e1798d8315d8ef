/** HTTP: every refusal is an RFC 9457 problem document, schemas are the documentation. */
import { type Hook, OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context, ErrorHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { CommitUnknown, isAway } from './db.ts';
import type { Log } from './log.ts';
import {
  explainProblem,
  isProblemCode,
  PROBLEMS,
  Problem,
  type ProblemCode,
  problemDocument,
  problemKind,
} from './problems.ts';
import { json } from './shapes.ts';

/** Who asks, as far as HTTP needs to know. */
export interface Caller {
  readonly id: string;
  readonly name: string;
  readonly permissions: readonly string[];
}
export interface Env {
  Variables: { caller: Caller };
}
export type Api = OpenAPIHono<Env>;

const MAX_BODY_BYTES = 64 * 1024;

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]),
    detail: z.string(),
    retryable: z.boolean(),
    field: z.string().optional(),
  })
  .openapi('Problem');

/** The `default` response of every route. */
export const problemResponse = {
  description: 'A problem document (RFC 9457); `code` is stable, `detail` names the field and the way out.',
  content: { 'application/problem+json': { schema: problemSchema } },
} as const;

const explanationSchema = z
  .object({
    code: z.string(),
    title: z.string(),
    status: z.int(),
    retryable: z.boolean(),
    exit_code: z.int(),
    advice: z.string(),
  })
  .openapi('ProblemExplanation');

export const sendProblem = (c: Context, problem: Problem): Response =>
  c.body(JSON.stringify(problemDocument(problem)), problemKind(problem.code).status as ContentfulStatusCode, {
    'content-type': 'application/problem+json',
    ...(problemKind(problem.code).status === 503 && { 'retry-after': '1' }),
  });

export function createApi(log: Log): Api {
  const api: Api = new OpenAPIHono<Env>({ defaultHook: shapeProblem });
  api.onError(failed(log));
  api.notFound((c) =>
    sendProblem(
      c,
      new Problem('not_found', `There is no ${c.req.method} ${c.req.path}; see /v1/openapi.json.`),
    ),
  );
  api.use('*', async (c, next) => {
    await next();
    c.header('cache-control', 'no-store');
    c.header('x-content-type-options', 'nosniff');
  });
  const tooLarge = new Problem('request_invalid', `The body is larger than ${MAX_BODY_BYTES} bytes.`);
  api.use('*', bodyLimit({ maxSize: MAX_BODY_BYTES, onError: (c) => sendProblem(c, tooLarge) }));
  // Other types would be read as no body at all, and what was asked for be left out unnoticed.
  api.use('*', async (c, next) => {
    const isJson = /^application\/json\b/i.test(c.req.header('content-type') ?? '');
    if (c.req.method === 'POST' && !isJson) {
      throw new Problem(
        'request_invalid',
        'Content-Type: send application/json, also with an empty body {}.',
        {
          field: 'Content-Type',
        },
      );
    }
    await next();
  });
  api.get('/v1/problems/:code', (c) => {
    const code = c.req.param('code');
    if (isProblemCode(code)) return c.json(explainProblem(code));
    return sendProblem(
      c,
      new Problem('not_found', 'code: there is no such problem code.', { field: 'code' }),
    );
  });
  api.openAPIRegistry.registerPath({
    method: 'get',
    path: '/v1/problems/{code}',
    summary: 'What a problem means and what to do about it; no key needed',
    request: { params: z.object({ code: z.string().openapi({ example: 'invoice_expired' }) }) },
    responses: { 200: json(explanationSchema, 'The explanation'), default: problemResponse },
  });
  api.openAPIRegistry.registerComponent('securitySchemes', 'key', { type: 'http', scheme: 'bearer' });
  return api;
}

/** Schema failures, the first of them, as a problem that names the field. */
const shapeProblem: Hook<unknown, Env, string, Response | undefined> = (result, c) => {
  if (result.success) return undefined;
  const issue = (result.error as z.ZodError).issues[0];
  const field = issue?.path.join('.') ?? '';
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.join(', ') : '';
  const detail =
    unknown === ''
      ? `${field === '' ? result.target : field}: ${issue?.message ?? 'not as expected'}; see /v1/openapi.json.`
      : `${unknown}: this route knows no such field; see /v1/openapi.json.`;
  return sendProblem(c, new Problem('request_invalid', detail, { field: unknown === '' ? field : unknown }));
};

const failed =
  (log: Log): ErrorHandler<Env> =>
  (error, c) => {
    if (error instanceof Problem) return sendProblem(c, error);
    if ('status' in error && error.status === 400) {
      return sendProblem(c, new Problem('request_invalid', 'The body is not valid JSON.'));
    }
    log.error({ error, path: c.req.path }, 'a request failed');
    const down = error instanceof CommitUnknown || isAway(error) || /connect|timeout/i.test(error.message);
    return down
      ? sendProblem(
          c,
          new Problem(
            'database_unavailable',
            'Nothing more is known; ask again with the same Idempotency-Key.',
          ),
        )
      : sendProblem(
          c,
          new Problem(
            'internal',
            'See the log; ask again with the same Idempotency-Key, not with a new one.',
          ),
        );
  };

// Pages of lists ---------------------------------------------------------------------------------------------------

export const pageQuery = z.object({
  cursor: z.string().max(200).optional().openapi({ description: '`next_cursor` of the page before' }),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

/** A cursor of a list that is ordered by one text. */
export const writeTextCursor = (last: string): string => Buffer.from(last).toString('base64url');

/** @param shape of the texts @throws Problem cursor_invalid */
export function readTextCursor(cursor: string | undefined, shape: RegExp): string | null {
  if (cursor === undefined) return null;
  const text = Buffer.from(cursor, 'base64url').toString();
  if (shape.test(text)) return text;
  throw strangeCursor();
}

export interface PagePosition {
  readonly at: number;
  readonly id: string;
}

export const writeCursor = (last: PagePosition): string =>
  Buffer.from(`${last.at} ${last.id}`).toString('base64url');

/** @throws Problem cursor_invalid */
export function readCursor(cursor: string | undefined): PagePosition | null {
  if (cursor === undefined) return null;
  const found = /^(\d{1,13}) ([a-z]{3}_[0-9a-z]{1,40})$/.exec(Buffer.from(cursor, 'base64url').toString());
  if (found?.[1] !== undefined && found[2] !== undefined) return { at: Number(found[1]), id: found[2] };
  throw strangeCursor();
}

const strangeCursor = (): Problem =>
  new Problem('cursor_invalid', 'cursor: use next_cursor of an answer of this list, unchanged.', {
    field: 'cursor',
  });
