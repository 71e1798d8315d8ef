/** What a fault does to a call. Pure. */
import type { Fault, Verb } from './wire.ts';

/** `wait`: done later; the stream of events waits for as long as the node is dead. */
export type Reception =
  | { readonly kind: 'run' }
  | { readonly kind: 'wait'; readonly delayMs: number }
  | { readonly kind: 'refuse'; readonly reason: string };

/** The world asks these of its nodes, not the fleet: no fault touches them. */
const WORLDLY: ReadonlySet<Verb> = new Set<Verb>([
  'knownGraph',
  'saveGraph',
  'hold',
  'setForwardingFee',
  'announce',
  'listen',
]);

/** A stream does not break with its node: what happened until then, and afterwards, comes when the node is back. */
const isStream = (verb: Verb): boolean => verb === 'events';

export function receptionOf(fault: Fault | undefined, node: string, verb: Verb): Reception {
  if (fault === undefined || fault.kind === 'cut-off' || WORLDLY.has(verb) || isStream(verb))
    return { kind: 'run' };
  if (fault.kind === 'slow') return { kind: 'wait', delayMs: fault.delayMs };
  return { kind: 'refuse', reason: `${node} does not answer: it has died` };
}

/** May a call that the node has taken be answered now? */
export const answers = (fault: Fault | undefined, verb: Verb): boolean =>
  fault?.kind !== 'dies' || WORLDLY.has(verb);
