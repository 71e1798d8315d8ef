/** Waits until everything is well again, and says what is not if it takes too long. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Argosy } from '../../src/sdk/index.ts';
import { look } from './look.ts';
import type { Asked, Seen } from './seen.ts';
import { isFinal, judgeCrash, type Violation } from './verdict.ts';

export interface Checker {
  /** None: everything is well. @param thorough also what was proven before is looked up again */
  check(argosy: Argosy, thorough: boolean): Promise<readonly Violation[]>;
  /** The newest snapshots, for whoever has to find out. */
  evidence(): { readonly first: Seen | null; readonly before: Seen | null; readonly now: Seen | null };
}

export interface CheckerOptions {
  readonly data: string;
  readonly patienceMs: number;
  readonly asked: readonly Asked[];
  /** Channels whose closing was asked for. Null: none was to come or to go. */
  readonly closing: ReadonlySet<string> | null;
}

const LOOK_MS = 400;
const RESENT = 5;

export function createChecker({ data, patienceMs, asked, closing }: CheckerOptions): Checker {
  const proven = new Set<string>();
  let first: Seen | null = null;
  let before: Seen | null = null;
  let now: Seen | null = null;

  async function examine(argosy: Argosy, known: ReadonlySet<string>): Promise<readonly Violation[]> {
    const open = asked.filter(({ end }) => end === null);
    if (open.length > 0) return [{ rule: 'ends', detail: `${open.length} errands have no end` }];
    try {
      await resend(argosy, asked);
      now = await look({ argosy, data, proven: known });
    } catch (error) {
      return [{ rule: 'answers', detail: String(error) }];
    }
    return judgeCrash({ first: first ?? now, before: before ?? now, now, asked, closing });
  }

  return {
    async check(argosy, thorough) {
      const deadline = performance.now() + patienceMs;
      for (;;) {
        const violations = await examine(argosy, thorough ? new Set() : proven);
        if (violations.length === 0) break;
        if (performance.now() > deadline || violations.some(isFinal)) return violations;
        await sleep(LOOK_MS);
      }
      for (const { hash } of now?.receipts ?? []) proven.add(hash);
      first ??= now;
      before = now;
      return [];
    },
    evidence: () => ({ first, before, now }),
  };
}

/** Whoever asks once more under the key of what is paid is told of that payment: no other is made. */
async function resend(argosy: Argosy, asked: readonly Asked[]): Promise<void> {
  const paid = asked.filter(({ direction, end }) => direction === 'out' && end === 'settled');
  for (const each of paid.slice(-RESENT)) {
    const { id } = await argosy.pay({ invoice: each.invoice ?? '' }, { idempotencyKey: each.key });
    each.ids.add(id);
  }
}
