/** `explain CODE`: what a problem means and what to do about it. Needs no server. */
import type { Command } from 'commander';
import { explainProblem, isProblemCode, PROBLEMS, Problem } from '../../kit/problems.ts';
import { facts } from '../print.ts';
import type { Run, Session } from '../session.ts';

export function addExplain(program: Command, run: Run): void {
  program
    .command('explain')
    .argument('[code]', 'as printed behind `code:`; without it all are listed')
    .description('What a problem code means, and what to do about it')
    .action(run(explain));
}

async function explain({ output }: Session, code?: string) {
  if (code === undefined) {
    const all = Object.keys(PROBLEMS).filter(isProblemCode).map(explainProblem);
    output.show({ data: all }, () =>
      facts(
        all.map((each) => [each.code, each.title] as const),
        output.paint,
      ),
    );
    return 0 as const;
  }
  if (!isProblemCode(code)) {
    throw new Problem(
      'command_invalid',
      `code: there is no ${JSON.stringify(code)}; \`argosy explain\` lists all.`,
    );
  }
  const explained = explainProblem(code);
  output.show(explained, () => [
    `${explained.title}.`,
    '',
    explained.advice,
    '',
    ...facts(
      [
        ['HTTP status', String(explained.status)],
        ['exit code', String(explained.exit_code)],
        ['the same request may succeed later', explained.retryable ? 'yes' : 'no'],
      ],
      output.paint,
    ),
  ]);
  return 0 as const;
}
