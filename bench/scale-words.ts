/** What `bench/scale.ts` and its workers say to each other. */
import type { DbTarget } from '../src/kit/db.ts';

export interface WorkerStart {
  readonly target: DbTarget;
  /** The owner's key. */
  readonly secret: string;
  /** Part of the names of its nodes and customers. */
  readonly site: string;
}

export type WorkerOrder =
  /** Have invoices made, which is the payee's work and not measured. */
  | { readonly kind: 'prepare'; readonly payments: number }
  | { readonly kind: 'pay'; readonly atOnce: number }
  | { readonly kind: 'stop' };

export type WorkerWord =
  | { readonly kind: 'ready' | 'prepared' }
  /** From asking to hearing of the end, of each payment. */
  | { readonly kind: 'paid'; readonly tookMs: readonly number[] };
