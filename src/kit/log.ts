import pino from 'pino';

export type Log = pino.Logger;

/** Logs to stderr as JSON lines, so that stdout stays data. Secrets never reach it: keys are redacted by name. */
export function openLog(level: string): Log {
  return pino(
    {
      level,
      base: null,
      serializers: { error: pino.stdSerializers.err },
      redact: ['secret', 'authorization', '*.secret'],
    },
    pino.destination(2),
  );
}

export const silentLog: Log = pino({ level: 'silent' });
