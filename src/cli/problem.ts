/** Whatever a command can end with instead of its result, in one form: what is printed, and the exit code. */
import { CommanderError } from 'commander';
import { isProblemCode, Problem, type ProblemCode, problemDocument, problemKind } from '../kit/problems.ts';
import { ArgosyProblem, OutcomeUnknown, Unreachable } from '../sdk/index.ts';

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

/** None is there to talk to. */
export const nobody = (detail: string): CliProblem =>
  cliProblem('server_unreachable', `${detail} Start one with \`npx argosy up\`, and leave it running.`);

/** The server's own words. A code of a newer server is judged by its status. */
function fromServer({ code, title, detail, status, document, acted }: ArgosyProblem): CliProblem {
  const exit = isProblemCode(code) ? (problemKind(code).exit ?? 1) : exitOfStatus(status);
  // A request that only reads has no unknown outcome.
  return new CliProblem({ code, title, detail, exit: exit === 3 && !acted ? 1 : exit, document });
}

/** What the client ends with instead of an answer. */
function fromClient(error: ArgosyProblem | OutcomeUnknown | Unreachable): CliProblem {
  if (error instanceof Unreachable) return nobody(error.message);
  if (error instanceof ArgosyProblem) return fromServer(error);
  return error.cause instanceof ArgosyProblem
    ? new CliProblem({ ...fromServer(error.cause).text, exit: 3 })
    : cliProblem('outcome_unknown', error.detail);
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
  if (error instanceof ArgosyProblem || error instanceof OutcomeUnknown || error instanceof Unreachable) {
    return fromClient(error);
  }
  if (error instanceof CommanderError) {
    return cliProblem('command_invalid', error.message.replace(/^error: /, ''));
  }
  const detail = error instanceof Error ? error.message : String(error);
  const document = { ...problemDocument(new Problem('internal', detail)), retryable: false };
  return new CliProblem({ code: 'internal', title: 'Argosy failed', detail, exit: 1, document });
}
