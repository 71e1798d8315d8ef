/** How a command ends badly: what is wrong, why, under which code, and what to try next. */
import { printable } from '../lightning/text.ts';
import { nextCommand } from './hints.ts';
import type { ProblemText } from './problem.ts';
import type { Session } from './session.ts';

const MAX_DETAIL = 2000;

/** To stderr; under `--json` the problem document goes to stdout, too. */
export function reportProblem(session: Session, problem: ProblemText, command: string): void {
  const { output } = session;
  if (output.json) output.show(problem.document, () => []);
  noteProblem(session, problem, command);
}

/** To stderr only: for a command whose data is printed already. */
export function noteProblem(session: Session, problem: ProblemText, command: string): void {
  const { note, paintNote } = session.output;
  note(`${paintNote('red', 'error:')} ${printable(problem.title)}`);
  if (problem.detail !== '') note(`  ${printable(problem.detail, MAX_DETAIL)}`);
  note(paintNote('dim', `  code: ${printable(problem.code)}`));
  note(`  try: ${session.hint(nextCommand(problem, command))}`);
}
