import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { generateTypes } from './proto_types.ts';

const folder = join(import.meta.dirname, 'proto');

it('has the types that its .proto files say: else `npm run wire`', () => {
  for (const [name, text] of generateTypes(folder)) {
    expect(readFileSync(join(folder, `${name}.ts`), 'utf8'), name).toBe(text);
  }
});
