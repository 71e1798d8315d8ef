/** Server-sent events, as far as Argosy speaks them. Source: HTML Living Standard, 9.2.6. */

export interface Message {
  /** Null: the block had none. */
  readonly id: string | null;
  /** Null: the block only moves the id. */
  readonly data: string | null;
}

const MOST_UNREAD = 4_000_000;

/** Give it the text as it comes, cut anywhere: it gives the messages that are whole. A line's end may be cut, too. */
export function messageReader(): (chunk: string) => Message[] {
  let rest = '';
  let id: string | null = null;
  let data: string[] = [];
  const takeLine = (line: string): Message | null => {
    if (line === '') {
      const whole =
        id === null && data.length === 0 ? null : { id, data: data.length > 0 ? data.join('\n') : null };
      id = null;
      data = [];
      return whole;
    }
    const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? [];
    if (field === 'id') id = value;
    if (field === 'data') data.push(value);
    return null;
  };
  return (chunk) => {
    const lines = (rest + chunk).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    if (rest.length > MOST_UNREAD) throw new Error('a line of the stream has no end');
    return lines.map(takeLine).filter((message) => message !== null);
  };
}
