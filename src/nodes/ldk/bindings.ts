/** The LDK bindings as this driver uses them: loading, results, options, and memory freed at once. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import * as ldk from 'lightningdevkit';
import * as raw from 'lightningdevkit/bindings.mjs';
import { CommonBase } from 'lightningdevkit/structs/CommonBase.mjs';

export { ldk };

/** Once per thread, before anything else. */
export async function loadLdk(): Promise<void> {
  const entry = createRequire(import.meta.url).resolve('lightningdevkit');
  const wasm = await readFile(entry.replace(/index\.mjs$/, 'liblightningjs.wasm'));
  const { log } = console;
  // The bindings greet on standard output, which belongs to data.
  console.log = () => {};
  try {
    await ldk.initializeWasmFromBinary(wasm);
  } finally {
    console.log = log;
  }
}

interface Result {
  is_ok(): boolean;
}
/** A generated class of one outcome. Its constructor is protected, so only the prototype tells the type. */
interface OutcomeClass<Outcome> {
  readonly prototype: Outcome;
}

/** Reads bindings' errors, which are classes, numbers of enums, or nothing. */
export function describeError(error: unknown): string {
  if (typeof error === 'object' && error !== null) {
    const message = 'err' in error ? error.err : undefined;
    const read = 'get_err' in error && typeof error.get_err === 'function' ? error.get_err() : message;
    return `${error.constructor.name}${read === undefined ? '' : `: ${String(read)}`}`;
  }
  return error === undefined ? 'no reason given' : String(error);
}

/**
 * The value of a result.
 * @param ok the generated class of its success, which names the type
 * @throws Error with `what` and LDK's reason
 */
export function unwrap<T>(result: Result, ok: OutcomeClass<{ readonly res: T }>, what: string): T {
  check(result, what);
  void ok;
  return (result as Result & { readonly res: T }).res;
}

/** @throws Error with `what` and LDK's reason, unless the result is a success. */
export function check(result: Result, what: string): void {
  if (result.is_ok()) return;
  const reason = 'err' in result ? describeError(result.err) : 'no reason given';
  throw new Error(`LDK: ${what}: ${reason}`);
}

/** Of any of the bindings' options. */
export const optional = <T>(option: object): T | null => ('some' in option ? (option.some as T) : null);

export const someU64 = (value: bigint | null): ldk.Option_u64Z =>
  value === null ? ldk.Option_u64Z.constructor_none() : ldk.Option_u64Z.constructor_some(value);

/** The bindings keep pointers protected; a subclass may look at them. */
class Pointer extends CommonBase {
  static isNull(object: CommonBase): boolean {
    return Pointer.get_ptr_of(object) === 0n;
  }
  static free(object: CommonBase, free: (pointer: bigint) => void): void {
    const pointer = Pointer.get_ptr_of(object);
    Pointer.set_null_skip_free(object);
    free(pointer);
  }
}

/** The bindings give an object around a null pointer where Rust has `None`. */
export const isNull = (object: CommonBase): boolean => Pointer.isNull(object);

/** Lets go of what an object has collected since. */
export type Trimmed = () => void;

/**
 * The bindings have every object keep all arguments that its methods were ever called with, a route for each payment
 * among them. What it was made from it must keep; the rest was of use for the length of a call.
 */
export function trimmed(object: CommonBase): Trimmed {
  const { ptrs_to: references } = object as unknown as { readonly ptrs_to: unknown[] };
  const made = references.length;
  return () => {
    references.length = made;
  };
}

type Freed = 'ChannelMonitor' | 'ChannelMonitorUpdate' | 'Record' | 'Event';
const frees = raw as unknown as Readonly<Record<`${Freed}_free`, (pointer: bigint) => void>>;

/**
 * Frees what a callback was handed now: the garbage collector does not see the size of what WASM holds, and a
 * monitor of 100 kB per payment adds up. Only for objects that nothing refers to any more.
 */
export function freeNow(object: CommonBase, type: Freed): void {
  if (!Pointer.isNull(object)) Pointer.free(object, frees[`${type}_free`]);
}

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const fromHex = (hex: string): Uint8Array => Buffer.from(hex, 'hex');
