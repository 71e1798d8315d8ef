import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A source file, taken apart as far as the rules need it. */
export interface SourceFile {
  /** From the root of the checkout: `src/money/msat.ts`. */
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly Import[];
  /** The text without comments and without what strings say: what is left is code. */
  readonly code: string;
  /** The text without comments: SQL stands in strings. */
  readonly withStrings: string;
  readonly comments: string;
}

export interface Import {
  /** A path from the root for the project's own files, else the specifier as written. */
  readonly to: string;
  readonly own: boolean;
  /** Types only: gone at run time. */
  readonly typeOnly: boolean;
}

export function parseSource(path: string, text: string): SourceFile {
  const { code, withStrings, comments } = separate(text);
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  return { path, lines, imports: importsOf(path, withStrings), code, withStrings, comments };
}

/** The TypeScript files, and the JavaScript of the pages, under the given folders of the checkout. */
export function readSources(root: string, folders: readonly string[]): SourceFile[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(tsx?|js)$/.test(name) && !name.includes('node_modules'))
      .sort()
      .map((name) => parseSource(join(folder, name), readFileSync(join(root, folder, name), 'utf8'))),
  );
}

const STATIC = /(?:^|[;\n])[ \t]*(?:import|export)\s+(?:(type\s+)?([^'"();]*?)\s*from\s*)?['"]([^'"]+)['"]/g;
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]/g;
/** `new URL('./worker.ts', import.meta.url)`: how a worker is named. */
const BY_URL = /\bnew URL\(\s*['"](\.[^'"]+\.tsx?)['"]\s*,\s*import\.meta\.url/g;

function importsOf(path: string, withStrings: string): Import[] {
  const found = [...withStrings.matchAll(STATIC)].map(([, type, names, to]) =>
    resolved(path, to ?? '', type !== undefined || onlyTypes(names ?? '')),
  );
  const later = [DYNAMIC, BY_URL].flatMap((pattern) => [...withStrings.matchAll(pattern)]);
  return [...found, ...later.map(([, to]) => resolved(path, to ?? '', false))];
}

/** `{ type A, type B }`, in which every name is a type. */
function onlyTypes(names: string): boolean {
  const inner = /^\{(.*)\}$/s.exec(names.trim())?.[1];
  const parts = inner
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return parts !== undefined && parts.length > 0 && parts.every((name) => name.startsWith('type '));
}

function resolved(path: string, to: string, typeOnly: boolean): Import {
  if (!to.startsWith('.')) return { to, own: false, typeOnly };
  return { to: join(path, '..', to), own: true, typeOnly };
}

type Part = 'code' | 'string' | 'comment';

/** Splits a text into code, strings and comments, each with the others as blanks, so that places stay the same. */
function separate(text: string): { code: string; withStrings: string; comments: string } {
  const parts = classify(text);
  const keep = (kept: (part: Part) => boolean): string =>
    Array.from({ length: text.length }, (_, at) =>
      text[at] === '\n' || kept(parts[at] ?? 'code') ? text[at] : ' ',
    ).join('');
  return {
    code: keep((part) => part === 'code'),
    withStrings: keep((part) => part !== 'comment'),
    comments: keep((part) => part === 'comment'),
  };
}

/** What may stand before a regular expression, and never before a division. */
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{};+>\n]|\breturn|\bof|\bcase)\s*$/;

function classify(text: string): Part[] {
  const parts: Part[] = [];
  /** Depths of braces at which a `${` was opened: the matching `}` goes on with the template. */
  const templates: number[] = [];
  let depth = 0;
  let at = 0;
  const take = (end: number, part: Part): void => {
    while (at < end) parts[at++] = part;
  };
  /** From `start`, the end of the string that `end` closes; a template may stop at `${` instead. */
  const endOfString = (start: number, end: string): number => {
    for (let i = start; i < text.length; i++) {
      if (text[i] === '\\') i++;
      else if (text[i] === end) return i + 1;
      else if (end === '`' && text.startsWith('${', i)) return i + 2;
    }
    return text.length;
  };
  const takeTemplate = (start: number): void => {
    take(endOfString(start, '`'), 'string');
    if (text.startsWith('${', at - 2)) templates.push(depth++);
  };
  while (at < text.length) {
    const char = text[at] ?? '';
    const two = text.slice(at, at + 2);
    if (two === '//') take(endOr(text.indexOf('\n', at), text), 'comment');
    else if (two === '/*') take(endOr(text.indexOf('*/', at + 2) + 2, text, 1), 'comment');
    else if (char === "'" || char === '"') take(endOfString(at + 1, char), 'string');
    else if (char === '`') takeTemplate(at + 1);
    else if (char === '/' && BEFORE_REGEX.test(text.slice(Math.max(0, at - 40), at)))
      take(endOfRegex(text, at), 'string');
    else if (char === '}' && templates.at(-1) === depth - 1) {
      depth = templates.pop() ?? 0;
      takeTemplate(at + 1);
    } else {
      if (char === '{') depth++;
      if (char === '}') depth--;
      take(at + 1, 'code');
    }
  }
  return parts;
}

const endOr = (found: number, text: string, least = 0): number =>
  found <= least - 1 || found < 0 ? text.length : found;

function endOfRegex(text: string, start: number): number {
  let inClass = false;
  for (let i = start + 1; i < text.length && text[i] !== '\n'; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '[') inClass = true;
    else if (text[i] === ']') inClass = false;
    else if (text[i] === '/' && !inClass) return i + 1;
  }
  return start + 1;
}
