/** Lines that change while something is under way: redrawn on a terminal, else each news on a line of its own. */
import { stripVTControlCharacters } from 'node:util';
import { widthOf } from './print.ts';

export interface Live {
  /**
   * Sets the line called `key`; a new one comes last.
   * @param passing worth a look while it lasts, and no line of a log
   */
  set(key: string, line: string, passing?: boolean): void;
  /** Leaves the lines as they are; what is written next comes below them. */
  end(): void;
}

export const openLive = (stream: NodeJS.WriteStream): Live =>
  stream.isTTY && process.env.TERM !== 'dumb' && !process.env.NO_COLOR ? redrawn(stream) : appended(stream);

function appended(stream: NodeJS.WriteStream): Live {
  const last = new Map<string, string>();
  return {
    set(key, line, passing = false) {
      if (passing || last.get(key) === line) return;
      last.set(key, line);
      stream.write(`${line}\n`);
    },
    end() {},
  };
}

const UP = '\u001b[A';
const CLEAR_BELOW = '\u001b[J';

function redrawn(stream: NodeJS.WriteStream): Live {
  const lines = new Map<string, string>();
  let drawn = 0;
  return {
    set(key, line) {
      if (lines.get(key) === line) return;
      lines.set(key, line);
      const width = (stream.columns || 80) - 1;
      const shown = [...lines.values()].map((each) => cut(each, width));
      stream.write(`${UP.repeat(drawn)}\r${CLEAR_BELOW}${shown.join('\n')}\n`);
      drawn = shown.length;
    },
    end() {
      lines.clear();
      drawn = 0;
    },
  };
}

/** A line that wraps would take two, and the count of lines to go back up would be wrong. */
function cut(line: string, width: number): string {
  if (widthOf(line) <= width) return line;
  return `${[...stripVTControlCharacters(line)].slice(0, Math.max(0, width - 1)).join('')}…`;
}
