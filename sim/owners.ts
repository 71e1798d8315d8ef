/** At no time do two processes hold one node: looked at again and again, from outside of all of them. */
import type { Violation } from './judge.ts';
import type { World } from './world.ts';

const LOOK_MS = 250;

export function watchOwners({ timeline, slots }: World): { readonly violations: readonly Violation[] } {
  const violations: Violation[] = [];
  const look = (): void => {
    const owners = new Map<string, string>();
    for (const { machine, engine } of slots) {
      if (machine?.state() !== 'runs' || engine === null) continue;
      for (const node of engine.fleet.owned()) {
        const other = owners.get(node);
        if (other !== undefined && violations.length === 0) {
          const detail = `${other} and ${machine.name} hold ${node} at ${timeline.now().toFixed(0)} ms`;
          violations.push({ oracle: 'two_owners', detail, msat: 0n });
        }
        owners.set(node, machine.name);
      }
    }
    timeline.after(LOOK_MS, look);
  };
  timeline.after(LOOK_MS, look);
  return { violations };
}
