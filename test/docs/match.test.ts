import { describe, expect, it } from 'vitest';
import { jsonDifference, textDifference } from './match.ts';
import { readExamples } from './page.ts';

describe('text', () => {
  it('is compared line by line, but for the gaps between columns', () => {
    expect(textDifference('node  sat\neu    25', 'node     sat\neu        25\n')).toBe(null);
    expect(textDifference('eu 25', 'eu 26')).toContain('written:\neu 26');
    expect(textDifference('eu 25', 'eu 25\nus 1')).not.toBe(null);
  });

  it('may leave out what differs each time: a piece of a line, or lines', () => {
    expect(textDifference('✓ settled ... pay_...', '✓ settled  25 sat  pay_01')).toBe(null);
    expect(textDifference('first\n...\nlast', 'first\na\nb\nlast')).toBe(null);
    expect(textDifference('first\n...\nlast', 'first\na\nb')).not.toBe(null);
    expect(textDifference('a.c', 'abc')).not.toBe(null);
  });
});

describe('JSON', () => {
  it('has all that is shown, and may have more', () => {
    expect(jsonDifference('{"a": {"b": "1"}}', '{"a": {"b": "1", "c": 2}, "d": 3}')).toBe(null);
    expect(jsonDifference('{"a": {"b": "1"}}', '{"a": {"b": "2"}}')).toBe('.a.b: expected "1", written "2"');
    expect(jsonDifference('{"a": null}', '{}')).toContain('.a: expected null');
  });

  it('may leave out pieces of texts, and the rest of an array', () => {
    expect(jsonDifference('{"id": "pay_..."}', '{"id": "pay_01"}')).toBe(null);
    expect(jsonDifference('[1, "..."]', '[1, 2, 3]')).toBe(null);
    expect(jsonDifference('[1]', '[1, 2]')).toContain('expected 1 elements');
  });

  it('that is none differs', () => expect(jsonDifference('{}', 'Killed')).toContain('Killed'));
});

describe('a page', () => {
  const page = (...fences: string[]) => readExamples('x.md', fences.join('\n'));
  const fence = (info: string, text: string) => `\`\`\`${info}\n${text}\n\`\`\`\n`;

  it('is run where it says so, with what it shows', () => {
    const [first, ...others] = page(
      fence('sh', 'ignored'),
      fence('sh run exit=3 ID=.id', 'false'),
      fence('text output', 'oh'),
    );
    expect(first).toMatchObject({ code: 'false\n', exitCode: 3, output: { kind: 'text', expected: 'oh\n' } });
    expect([...(first?.keeps ?? [])]).toEqual([['ID', '.id']]);
    expect(others).toEqual([]);
  });

  it('begins its programs with what is written once', () => {
    expect(page(fence('js prelude', 'a;'), fence('js run', 'b;'))[0]?.code).toBe('a;\n\nb;\n');
  });

  it('shows no output of nothing, and no words that nobody knows', () => {
    expect(() => page(fence('text output', 'oh'))).toThrow('x.md:1: there is nothing before it');
    expect(() => page(fence('sh run quickly', 'true'))).toThrow('what does quickly mean');
    expect(() => page(fence('py run', 'pass'))).toThrow('nobody can run py');
  });
});
