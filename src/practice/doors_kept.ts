/** What outsiders have been told and must find again: ports, and the password of the RPC. */
import { z } from 'zod';

const port = z.int().min(1).max(65_535);
const schema = z.object({
  password: z.string().regex(/^[0-9a-f]{32,}$/),
  rpc: port.nullable(),
  peers: z.record(z.string(), port),
});

export type KeptDoors = Readonly<z.infer<typeof schema>>;

/** Null: nothing is known yet, or it cannot be read. */
export function readKept(text: string | null): KeptDoors | null {
  if (text === null) return null;
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

export const writeKept = (kept: KeptDoors): string => `${JSON.stringify(kept, null, 2)}\n`;
