import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { expect, test } from 'vitest';
import { MUTATIONS } from './mutations.ts';

const textOf = (file: string): string => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');

test.each(MUTATIONS)(
  'the mutation "$name" finds its lines, once each, and leaves a program',
  ({ rewrites }) => {
    for (const { file, find, put } of rewrites) {
      const text = textOf(file);
      expect(text.split(find)).toHaveLength(2);
      expect(() => stripTypeScriptTypes(text.replace(find, () => put))).not.toThrow();
    }
  },
);
