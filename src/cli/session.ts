/** What every command is handed: its global options, where to print, and the way to the server. */
import { type Client, openClient, openUnattended } from './client.ts';
import { type Output, openOutput } from './output.ts';
import type { ExitCode } from './problem.ts';
import { findServer, type Server } from './server.ts';

export interface GlobalOptions {
  readonly json?: boolean;
  readonly msat?: boolean;
  readonly data?: string;
  readonly config?: string;
}

export interface Session {
  readonly options: GlobalOptions;
  readonly output: Output;
  /** Which Argosy the command is for. @throws CliProblem server_unreachable, unauthenticated */
  find(): Promise<Server>;
  /** @throws as `find` */
  connect(): Promise<Client>;
  /** For what nobody watches request by request. */
  connectUnattended(): Promise<Client>;
  /** A command line to copy, for the same Argosy. @example hint('books check') // 'npx argosy books check' */
  hint(command: string): string;
}

/** Wraps the action of a command: hands it a session, and keeps its exit code. */
export type Run = <A extends unknown[]>(
  action: (session: Session, ...args: A) => Promise<ExitCode>,
) => (...args: unknown[]) => Promise<void>;

export function openSession(options: GlobalOptions): Session {
  const unit = options.msat === true ? 'msat' : 'sat';
  const find = () => findServer({ data: options.data, config: options.config, env: process.env });
  return {
    options,
    output: openOutput({ json: options.json === true, unit }),
    find,
    connect: async () => openClient(await find()),
    connectUnattended: async () => openUnattended(await find()),
    hint: (command) => hintFor(options, command),
  };
}

function hintFor({ data, config }: GlobalOptions, command: string): string {
  const flag = (name: string, value: string | undefined): string =>
    value === undefined ? '' : `${name} ${quoted(value)} `;
  return `npx argosy ${flag('--data', data)}${flag('--config', config)}${command}`;
}

/** For somebody at another terminal, without this one's environment. */
export function elsewhere(session: Session): Session['hint'] {
  const { options } = session;
  const data = options.data ?? (process.env.ARGOSY_DATA || undefined);
  return (command) => hintFor(data === undefined ? options : { ...options, data }, command);
}

/** For a POSIX shell. */
export const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
