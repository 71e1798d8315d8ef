import { expect, it } from 'vitest';
import { messageReader } from './sse.ts';

const STREAM =
  'id: 7\n\n: still here\n\nid: 8\r\nevent: a\r\ndata: {"x":\r\ndata: 1}\r\n\r\nid:9\rdata:two\r\rid: 10\n';

it('reads the same messages wherever the stream is cut, and none that is not whole', () => {
  const whole = [
    { id: '7', data: null },
    { id: '8', data: '{"x":\n1}' },
    { id: '9', data: 'two' },
  ];
  for (let size = 1; size <= STREAM.length; size++) {
    const read = messageReader();
    const chunks = STREAM.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
    expect(chunks.flatMap(read), `in chunks of ${size}`).toEqual(whole);
  }
});
