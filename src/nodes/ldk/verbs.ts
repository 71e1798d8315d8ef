/** What the verbs of a node are, and what they work on. */
import type { ldk } from './bindings.ts';
import type { NodeRecords } from './happenings.ts';
import type { Gives, LdkNodeOptions, Takes, Verb } from './wire.ts';

/**
 * A verb changes memory at once and answers later: what it returns is asked at the end of this step and of every
 * step after it, until it gives something else than undefined. It throws when there will be no answer.
 */
export type Answering<V extends Verb> = () => Gives<V> | undefined;
export type VerbTable = { readonly [V in Verb]: (takes: Takes<V>) => Answering<V> };

export type Table<V extends Verb> = Pick<VerbTable, V>;

/** What the verbs of one node work on. */
export interface Context {
  readonly options: LdkNodeOptions;
  readonly records: NodeRecords;
  readonly graph: ldk.NetworkGraph;
  readonly saveGraph: () => void;
  readonly logger: ldk.Logger;
  readonly clock: { chainMs: number };
}
