/** Faults of own nodes, on purpose: what may be asked for, and what it means. */
import { Problem } from '../kit/problems.ts';
import type { Fault } from '../nodes/ldk/host.ts';

export type { Fault } from '../nodes/ldk/host.ts';

/** How a node may be broken. */
export const FAULTS = ['dies', 'cut-off', 'slow'] as const satisfies readonly Fault['kind'][];

/** Of each node that may be broken: sets its fault, or heals it with null. */
export type Breakable = ReadonlyMap<string, (fault: Fault | null) => Promise<void>>;

/** ms that each call to a slow node takes longer. */
export const DELAY_MS_DEFAULT = 1_000;
export const DELAY_MS_MAX = 60_000;

/** The own nodes with what was done to them. */
export interface Faults {
  /** @throws Problem practice_node_unknown */
  set(name: string, fault: Fault | null): Promise<void>;
  /** Of the nodes that are broken. */
  current(): ReadonlyMap<string, Fault>;
}

export function keepFaults(breakable: Breakable): Faults {
  const current = new Map<string, Fault>();
  return {
    async set(name, fault) {
      const set = findBreakable(breakable, name);
      // First, so that nobody who asks takes for well what is breaking.
      if (fault !== null) current.set(name, fault);
      await set(fault);
      if (fault === null) current.delete(name);
    },
    current: () => current,
  };
}

function findBreakable(breakable: Breakable, name: string): (fault: Fault | null) => Promise<void> {
  const set = breakable.get(name);
  if (set !== undefined) return set;
  const names = [...breakable.keys()].join(', ');
  throw new Problem(
    'practice_node_unknown',
    `name: there is no own node ${JSON.stringify(name)}; there are ${names}.`,
    { field: 'name' },
  );
}

/**
 * @param delayMs only for `slow`
 * @throws Problem request_invalid for a delay of a fault that has none
 */
export function readFault(how: Fault['kind'], delayMs: number | undefined): Fault {
  if (how === 'slow') return { kind: how, delayMs: delayMs ?? DELAY_MS_DEFAULT };
  if (delayMs === undefined) return { kind: how };
  throw new Problem('request_invalid', `delay_ms: only slow has a delay, not ${how}; leave it out.`, {
    field: 'delay_ms',
  });
}
