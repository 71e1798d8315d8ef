/** Values as Bitcoin Core's RPC writes and reads them. */

/** Source: `src/rpc/protocol.h` of Bitcoin Core. */
export const RPC_CODE = {
  misc: -1,
  type: -3,
  notFound: -5,
  invalidParameter: -8,
  deserialization: -22,
  /** The transaction spends what is not there. */
  transaction: -25,
  rejected: -26,
  alreadyConfirmed: -27,
  invalidRequest: -32600,
  methodNotFound: -32601,
  internal: -32603,
  parse: -32700,
} as const;

export class RpcRefusal extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

const SAT_DIGITS = 8;
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

/** Sat as a JSON number of bitcoins, exact to the last digit. */
export function btc(amountSat: bigint): unknown {
  const digits = amountSat.toString().padStart(SAT_DIGITS + 1, '0');
  return rawJSON(`${digits.slice(0, -SAT_DIGITS)}.${digits.slice(-SAT_DIGITS)}`);
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export function readHash(name: string, value: unknown): string {
  if (typeof value !== 'string') throw new RpcRefusal(RPC_CODE.type, `${name} must be of type string`);
  if (/^[0-9a-f]{64}$/i.test(value)) return value.toLowerCase();
  throw new RpcRefusal(RPC_CODE.invalidParameter, `${name} must be 64 hexadecimal digits (not '${value}')`);
}

/** A whole number from 0 on. */
export function readCount(name: string, value: unknown): number {
  if (typeof value !== 'number') throw new RpcRefusal(RPC_CODE.type, `${name} must be of type number`);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new RpcRefusal(RPC_CODE.invalidParameter, `${name} must be a whole number from 0 on`);
}

export function readFlag(name: string, value: unknown, usual: boolean): boolean {
  if (value === undefined || value === null) return usual;
  if (typeof value === 'boolean') return value;
  throw new RpcRefusal(RPC_CODE.type, `${name} must be of type boolean`);
}

/** Levels were flags once: false is 0, true is 1. */
export function readLevel(name: string, value: unknown, usual: number): number {
  if (value === undefined || value === null) return usual;
  return typeof value === 'boolean' ? Number(value) : readCount(name, value);
}

export function readBytes(name: string, value: unknown): Uint8Array {
  if (typeof value !== 'string') throw new RpcRefusal(RPC_CODE.type, `${name} must be of type string`);
  if (value.length % 2 === 0 && /^[0-9a-f]*$/i.test(value)) return Buffer.from(value, 'hex');
  throw new RpcRefusal(RPC_CODE.deserialization, 'TX decode failed. It has to be hexadecimal digits.');
}
