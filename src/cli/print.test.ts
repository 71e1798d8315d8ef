import { describe, expect, it } from 'vitest';
import { toJson } from './output.ts';
import { bar, facts, type Paint, shorten, spanBar, table, widthOf } from './print.ts';

const plain: Paint = (_, text) => text;
const loud: Paint = (_, text) => `\u001b[31m${text}\u001b[39m`;

describe('a table', () => {
  const columns = [{ title: 'node' }, { title: 'sat', align: 'right' as const }, { title: '' }];
  const rows = [
    ['eu', '25,000', 'pays'],
    ['asia', '7', ''],
  ];

  it('aligns its columns and leaves no blanks at the end of a line', () => {
    expect(table(columns, rows, plain)).toEqual(['node     sat', 'eu    25,000  pays', 'asia       7']);
  });

  it('aligns numbers at their points', () => {
    const fees = [['0'], ['13.500'], ['-']];
    expect(table([{ title: 'fee', align: 'right' }], fees, plain)).toEqual(['   fee', ' 0', '13.500', ' -']);
  });

  it('aligns them as well when cells are painted', () => {
    const painted = rows.map((row) => row.map((cell) => loud('red', cell)));
    const widths = table(columns, painted, loud).map(widthOf);
    expect(widths[1]).toBe('eu    25,000  pays'.length);
  });
});

describe('a bar', () => {
  it('shows the share, and neither hides what is there nor what is missing', () => {
    expect(bar(1n, 4n, 8)).toBe('██░░░░░░');
    expect([bar(0n, 4n, 4), bar(4n, 4n, 4), bar(0n, 0n, 4)]).toEqual(['░░░░', '████', '░░░░']);
    expect([bar(1n, 1_000n, 4), bar(999n, 1_000n, 4)]).toEqual(['█░░░', '███░']);
  });
});

describe('text', () => {
  it('is shortened in the middle', () => {
    expect(shorten('lnbcrt250u1p4szyxh', 9)).toBe('lnbc…zyxh');
    expect(shorten('short', 9)).toBe('short');
  });

  it('names and values stand in two columns', () => {
    expect(facts([['a', '1'], ['long', '2']], plain)).toEqual(['a     1', 'long  2']); // biome-ignore format: one line
  });
});

describe('JSON', () => {
  it("escapes what a terminal would obey in a peer's text, and still says the same", () => {
    const alias = 'evil \u009b2J \u202etxt \u007f \u001b[31m';
    const written = toJson({ alias });
    expect(written).toMatch(/^[\x20-\x7e]*$/);
    expect(JSON.parse(written)).toEqual({ alias });
  });
});

describe('a span of a whole', () => {
  it.each([
    [0, 4, 8, '████░░░░'],
    [4, 6, 8, '░░░░██░░'],
    [8, 8, 8, '░░░░░░░█'],
    [3, 3, 8, '░░░█░░░░'],
    [0, 0, 0, '█░░░░░░░'],
    [0, 99, 8, '████████'],
  ])('from %i to %i of %i is drawn as %s', (from, to, whole, drawn) =>
    expect(spanBar(from, to, whole, 8)).toBe(drawn),
  );
});
