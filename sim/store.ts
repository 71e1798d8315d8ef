/** The database as the simulation hands it out: the model of the store behind a line that breaks, and through the machine. */
import type { Db } from '../src/kit/db.ts';
import type { Chance } from './chance.ts';
import { EPOCH_MS, type Machine } from './machine.ts';
import { type Call, type Deliver, OnItsWay, openModel } from './model/database.ts';
import type { Timeline } from './timeline.ts';

/** What is wrong between all processes and the database, now. */
export interface Line {
  /** The database is down, or failing over. */
  away: number;
  loseStatements: number;
  loseCommits: number;
  /** Of commits that book events of nodes. */
  loseBookings: number;
  /** Processes that cannot reach it, by name. */
  readonly cutOff: Map<string, number>;
}
export const clearLine = (): Line => ({
  away: 0,
  loseStatements: 0,
  loseCommits: 0,
  loseBookings: 0,
  cutOff: new Map(),
});

export interface Store {
  connect(machine: Machine): Db;
  /** The process is gone: its transactions roll back. */
  gone(machine: Machine): void;
  /** Every connection breaks. */
  breakAll(): void;
  /** Dumps what is committed. The answer puts the database back to it; null: not here. */
  dump(): (() => void) | null;
  /** Sees what is committed, unhindered, for those who judge. */
  readonly auditor: Db;
  stop(): Promise<void>;
}

/** Longest usual delay of a statement. ms. */
const DELAY_MS = 2;
const OVERDUE_MS = 10_000;
const AUDITOR = 'auditor';

export function modelStore(timeline: Timeline, chance: Chance, line: Line): Store {
  const machines = new Map<string, Machine>();
  const booking = new Set<Machine>();
  const lost = (): Error => new Error('Connection terminated unexpectedly');

  const deliver: Deliver = (call, run) => {
    const machine = machines.get(call.who);
    if (machine === undefined) return run();
    // Nothing hangs on when a transaction begins but its `now()`: mostly it begins with its first statement.
    if (call.what === 'begin' && machine.state() === 'runs' && chance() > 0.1) return run();
    return through(machine, call, run);
  };

  const through = <T>(machine: Machine, call: Call, run: () => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const breakOff = (error: Error) =>
        timeline.after(chance() * DELAY_MS, () => machine.enter(() => reject(error)));
      const isAway = () => line.away > 0 || (line.cutOff.get(machine.name) ?? 0) > 0;
      if (call.name === 'moveCursor') booking.add(machine);
      const ofCommit =
        line.loseCommits + (call.what === 'commit' && booking.delete(machine) ? line.loseBookings : 0);
      const isLost = () => chance.odds(call.what === 'commit' ? ofCommit : line.loseStatements);
      machine.pass(call.what);
      if (call.what === 'statement') machine.pass(call.name);
      machine.enter(() => {
        if (isAway() || isLost()) {
          if (call.what !== 'commit' || chance.odds(0.5)) return void breakOff(lost());
          breakOff(new OnItsWay('the connection broke'));
          timeline.after(chance() * DELAY_MS, () => void run().catch(() => undefined));
          return;
        }
        timeline.after(chance() * DELAY_MS, () => {
          run().then(
            (answer) => (isAway() || isLost() ? breakOff(lost()) : machine.enter(() => resolve(answer))),
            (error: unknown) => machine.enter(() => reject(error)),
          );
        });
      });
    });

  const model = openModel({
    now: () => Math.floor(EPOCH_MS + timeline.now()),
    deliver,
    pause: (who, msMax) => machines.get(who)?.clock.sleep(chance() * msMax) ?? Promise.resolve(),
  });
  const endOverdue = (): void => {
    model.endOverdue();
    timeline.after(OVERDUE_MS, endOverdue);
  };
  timeline.after(OVERDUE_MS, endOverdue);
  return {
    connect(machine) {
      machines.set(machine.name, machine);
      return model.connect(machine.name);
    },
    gone: (machine) => model.crash(machine.name),
    breakAll: model.breakAll,
    dump() {
      const dumped = model.dump();
      return () => model.restore(dumped);
    },
    auditor: model.connect(AUDITOR),
    stop: async () => {},
  };
}
