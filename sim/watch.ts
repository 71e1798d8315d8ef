/** What must hold at every moment, looked at again and again from outside of all processes. */
import { BUSINESS, heldAccount } from '../src/ledger/account.ts';
import { readBalances } from '../src/ledger/store.ts';
import { ACME } from './clients.ts';
import type { Oracle, Violation } from './judge.ts';
import type { World } from './world.ts';

const LOOK_MS = 500;
const CLAIMS = [BUSINESS, ACME].flatMap((claim) => [claim.id, heldAccount(claim).id]);

/** At no time do two processes hold one node, and no claim is ever below zero. */
export function watchAlways(world: World): { readonly violations: readonly Violation[] } {
  const violations: Violation[] = [];
  const add = (oracle: Oracle, detail: string): void => {
    const at = world.timeline.now().toFixed(0);
    if (violations.length === 0) violations.push({ oracle, detail: `${detail} at ${at} ms`, msat: 0n });
  };
  const look = (): void => {
    lookAtOwners(world, add);
    void readBalances(world.store.auditor.read, CLAIMS).then((balances) => {
      for (const { id, balance_msat } of balances)
        if (balance_msat < 0n) add('negative', `${id} has ${balance_msat} msat`);
    });
    world.timeline.after(LOOK_MS, look);
  };
  world.timeline.after(LOOK_MS, look);
  return { violations };
}

function lookAtOwners({ slots }: World, add: (oracle: Oracle, detail: string) => void): void {
  const owners = new Map<string, string>();
  for (const { machine, engine } of slots) {
    if (machine?.state() !== 'runs' || engine === null) continue;
    for (const node of engine.fleet.owned()) {
      const other = owners.get(node);
      if (other !== undefined) add('two_owners', `${other} and ${machine.name} hold ${node}`);
      owners.set(node, machine.name);
    }
  }
}
