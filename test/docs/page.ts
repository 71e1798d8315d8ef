/**
 * A page of the documentation as what can be run of it. The words behind the language of a fence say what it is:
 * `sh run` and `js run` are run in their order, `sh run exit=3 as=OTHER` with the exit code 3 and its output kept;
 * `js prelude` comes before each `js run` of the page. `text output` and `json output` show what the block before them
 * has written; what differs each time is `...`.
 */

export interface Example {
  /** `docs/api.md:42` */
  readonly at: string;
  readonly language: 'sh' | 'js';
  readonly code: string;
  readonly exitCode: number;
  /** Variables of the shell, each with where it stands in the JSON that was written: `PAYMENT=.id`. */
  readonly keeps: ReadonlyMap<string, string>;
  readonly output: Output | null;
}

export interface Output {
  readonly kind: 'text' | 'json';
  readonly expected: string;
}

interface Fence {
  readonly line: number;
  readonly words: readonly string[];
  readonly text: string;
}

const FENCE = /^```(\w.*)\n([\s\S]*?)^```$/gm;

const fencesOf = (markdown: string): Fence[] =>
  [...markdown.matchAll(FENCE)].map(({ index, 1: info = '', 2: text = '' }) => ({
    line: markdown.slice(0, index).split('\n').length,
    words: info.trim().split(/\s+/),
    text,
  }));

/** @throws Error on an output that shows nothing's output, or a word that nobody knows */
export function readExamples(file: string, markdown: string): Example[] {
  const fences = fencesOf(markdown);
  const prelude = fences.filter(isPrelude).map(({ text }) => text);
  return fences.flatMap((fence, index) => {
    const at = `${file}:${fence.line}`;
    const [language = '', role] = fence.words;
    if (role === 'output') checkOutput(at, fences[index - 1]);
    if (role !== 'run') return [];
    if (language !== 'sh' && language !== 'js') throw new Error(`${at}: nobody can run ${language}`);
    const code = language === 'js' ? [...prelude, fence.text].join('\n') : fence.text;
    return [
      { at, language, code, ...readWords(at, fence.words.slice(2)), output: outputOf(fences[index + 1]) },
    ];
  });
}

const isPrelude = ({ words }: Fence): boolean => words[0] === 'js' && words[1] === 'prelude';

function checkOutput(at: string, before: Fence | undefined): void {
  if (before?.words[1] !== 'run') throw new Error(`${at}: there is nothing before it that is run`);
}

function readWords(at: string, words: readonly string[]): Pick<Example, 'exitCode' | 'keeps'> {
  const pairs = words.map((word) => {
    const [name = '', value] = word.split('=');
    if (value === undefined) throw new Error(`${at}: what does ${word} mean?`);
    return [name, value] as const;
  });
  return {
    exitCode: Number(pairs.find(([name]) => name === 'exit')?.[1] ?? 0),
    keeps: new Map(pairs.filter(([name]) => /^[A-Z_]+$/.test(name))),
  };
}

function outputOf(next: Fence | undefined): Output | null {
  const [kind, role] = next?.words ?? [];
  if (next === undefined || role !== 'output') return null;
  return { kind: kind === 'json' ? 'json' : 'text', expected: next.text };
}
