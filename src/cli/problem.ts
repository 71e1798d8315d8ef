/** Whatever a command can end with instead of its result, in one form: what is printed, and the exit code. */
import { CommanderError } from 'commander';
import { isProblemCode, Problem, type ProblemCode, problemDocument, problemKind } from '../kit/problems.ts';

/** 0 done, 1 failed, 2 usage, 3 outcome unknown: do not retry with a new key, 4 auth, 5 unreachable. */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5;

export interface ProblemText {
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly exit: ExitCode;
  /** The RFC 9457 document, for `--json`. */
  readonly document: Readonly<Record<string, unknown>>;
  /** Without `npx argosy`; undefined: the code says which (see hints.ts). */
  readonly next?: string;
}

/** A refusal by the server, or by the command line itself. */
export class CliProblem extends Error {
  override readonly name = 'CliProblem';
  readonly text: ProblemText;
  constructor(text: ProblemText) {
    super(text.detail);
    this.text = text;
  }
}

/** A problem of this process: an argument, the configuration, a start that failed. */
export const cliProblem = (
  code: ProblemCode,
  detail: string,
  more: { readonly next?: string; readonly extra?: Readonly<Record<string, unknown>> } = {},
): CliProblem => fromProblem(new Problem(code, detail, { extra: more.extra ?? {} }), more.next);

function fromProblem(problem: Problem, next?: string): CliProblem {
  const { title, exit = 1 } = problemKind(problem.code);
  return new CliProblem({
    code: problem.code,
    title,
    detail: problem.message,
    exit,
    document: problemDocument(problem),
    ...(next === undefined ? {} : { next }),
  });
}

interface Received {
  readonly code: string;
  readonly title?: unknown;
  readonly detail?: unknown;
}

const isReceived = (body: unknown): body is Received & Record<string, unknown> =>
  typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string';

/**
 * A problem document of the server. A code of a newer server is judged by its status; a request that only reads has
 * no unknown outcome. Null: it is none.
 */
export function receivedProblem(body: unknown, status: number, acted: boolean): CliProblem | null {
  if (!isReceived(body)) return null;
  const { code, title, detail } = body;
  const exit = isProblemCode(code) ? (problemKind(code).exit ?? 1) : exitOfStatus(status);
  return new CliProblem({
    code,
    title: typeof title === 'string' ? title : 'The server refused this',
    detail: typeof detail === 'string' ? detail : '',
    exit: exit === 3 && !acted ? 1 : exit,
    document: body,
  });
}

function exitOfStatus(status: number): ExitCode {
  if (status === 401 || status === 403) return 4;
  if (status === 400 || status === 422) return 2;
  return status >= 500 ? 3 : 1;
}

/** Any error as a problem. What nobody expected is a bug or an outage, and says so. */
export function asProblem(error: unknown): CliProblem {
  if (error instanceof CliProblem) return error;
  if (error instanceof Problem) return fromProblem(error);
  if (error instanceof CommanderError) {
    return cliProblem('command_invalid', error.message.replace(/^error: /, ''));
  }
  const detail = error instanceof Error ? error.message : String(error);
  const document = { ...problemDocument(new Problem('internal', detail)), retryable: false };
  return new CliProblem({ code: 'internal', title: 'Argosy failed', detail, exit: 1, document });
}
