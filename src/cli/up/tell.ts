/** What `up` tells, in the order in which it happens: to people as text, to scripts as lines of JSON. */
import type { StartStep } from '../../main.ts';
import type { Books, Node, Payment, Quote } from '../../sdk/index.ts';
import type { NameOf } from '../names.ts';
import type { ProblemText } from '../problem.ts';
import type { Session } from '../session.ts';
import { tellPeople } from './tell-people.ts';
import { tellScripts } from './tell-scripts.ts';

export interface Ready {
  readonly api: string;
  readonly key: string;
  /** The data folder. */
  readonly data: string;
  /** How many own nodes there are. */
  readonly nodes: number;
  /** Null: the fleet is the operator's own. */
  readonly practice: {
    /** To try next; null: the tour failed. */
    readonly invoice: string | null;
    /** The world was there before. */
    readonly resumed: boolean;
  } | null;
}

export interface Teller {
  /** @param network of an own fleet; null: the practice fleet */
  welcome(network: string | null): void;
  step(step: StartStep): void;
  nodes(nodes: readonly Node[]): void;
  quote(quote: Quote): void;
  payment(payment: Payment, nameOf: NameOf): void;
  books(books: Books): void;
  /** The tour failed. */
  trouble(problem: ProblemText): void;
  ready(ready: Ready): void;
  stopping(): void;
}

export const openTeller = (session: Session): Teller =>
  session.output.json ? tellScripts(session.output) : tellPeople(session);
