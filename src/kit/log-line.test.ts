import { describe, expect, it } from 'vitest';
import { logLine } from './log-line.ts';

const line = (entry: object): string =>
  logLine(JSON.stringify({ time: Date.UTC(2026, 10, 21, 16, 7, 32), ...entry }));

describe('a line of the log at a terminal', () => {
  it('says when, what about and why, without the stack', () => {
    const error = { type: 'Error', message: 'eu does not answer', stack: 'Error: ...' };
    expect(line({ level: 40, node: 'eu', error, msg: 'node is down' })).toBe(
      '16:07:32Z warning: node is down (node eu): eu does not answer',
    );
    expect(line({ level: 50, attempts: 3, msg: 'effect failed' })).toBe(
      '16:07:32Z error: effect failed (attempts 3)',
    );
  });

  it('obeys no text of peers', () => {
    expect(line({ level: 40, msg: 'a\u001b[2J\nb' })).toBe('16:07:32Z warning: a\ufffd[2J b');
  });
});
