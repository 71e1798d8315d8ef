import pino from 'pino';
import { logLine } from './log-line.ts';

export type Log = pino.Logger;

const SECRETS = ['secret', 'authorization', 'macaroon', 'lndconnect', 'credentials'];

/**
 * Logs to stderr, so that stdout stays data: JSON lines, at a terminal text. Secrets never reach it: keys are redacted
 * by name.
 */
export function openLog(level: string): Log {
  return pino(
    {
      level,
      base: null,
      serializers: { error: pino.stdSerializers.err },
      redact: SECRETS.flatMap((name) => [name, `*.${name}`]),
    },
    process.stderr.isTTY ? { write: writeForPeople } : pino.destination(2),
  );
}

const writeForPeople = (entry: string): void => void process.stderr.write(`${logLine(entry)}\n`);

export const silentLog: Log = pino({ level: 'silent' });
