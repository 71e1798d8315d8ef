/** `up` for people: a live checklist on stderr, then on stdout the first payment, and what to try next. */
import type { StartStep } from '../../main.ts';
import type { Node } from '../../sdk/index.ts';
import { booksLine } from '../commands/books.ts';
import { mapLink } from '../commands/map.ts';
import { type Live, openLive } from '../live.ts';
import type { Output } from '../output.ts';
import { candidateTable, paymentLine, routeLines } from '../payment-text.ts';
import { facts, indent, pad } from '../print.ts';
import { noteProblem } from '../report.ts';
import { elsewhere, type Session } from '../session.ts';
import { countText, durationText, stateSign } from '../words.ts';
import type { Ready, Teller } from './tell.ts';

const NAME_WIDTH = 9;
const DETAIL_WIDTH = 42;
const TIME_WIDTH = 8;

export function tellPeople(session: Session): Teller {
  const { output } = session;
  const live = openLive(process.stderr);
  const print = (lines: readonly string[]): void => {
    for (const line of lines) output.print(line);
  };
  return {
    welcome: (network) =>
      output.note(
        network === null
          ? 'Argosy, a practice fleet: real Lightning nodes, worthless coins.\n'
          : `Argosy, your own fleet, on ${network}.\n`,
      ),
    step: showSteps(live, output),
    nodes(nodes) {
      for (const node of nodes) live.set(`node ${node.id}`, nodeLine(node, output));
      live.end();
    },
    quote(quote) {
      const { bold } = stylesOf(output);
      print([
        '',
        bold(`The merchant asks for ${output.money(quote.amount_msat)}. Which node should pay?`),
        '',
      ]);
      print(indent(candidateTable(quote.plan, output)));
    },
    payment: (payment, nameOf) =>
      print(['', ...indent([paymentLine(payment, output), ...indent(routeLines(payment, nameOf, output))])]),
    books: (books) => print(indent([booksLine(books, output)])),
    trouble: (problem) => noteProblem(session, problem, 'up'),
    ready: (ready) => print(readyLines(session, ready)),
    stopping() {
      live.end();
      output.note('\nStopping …');
    },
  };
}

const stylesOf = ({ paint }: Output) => ({
  bold: (text: string): string => paint('bold', text),
  dim: (text: string): string => paint('dim', text),
});

/** One line a step: under way with its latest detail, then done with the time it took. */
function showSteps(live: Live, { paintNote }: Output): (step: StartStep) => void {
  const began = new Map<string, number>();
  return ({ step, state, detail }) => {
    const since = began.get(step) ?? performance.now();
    began.set(step, since);
    const name = pad(step, NAME_WIDTH);
    if (state === 'began') {
      live.set(step, `  ${paintNote('yellow', '…')} ${name} ${detail}`.trimEnd(), true);
    } else {
      const took = pad(durationText(performance.now() - since), TIME_WIDTH, 'right');
      const done = `  ${paintNote('green', '✓')} ${name} ${pad(detail, DETAIL_WIDTH)}`;
      live.set(step, `${done}${paintNote('dim', took)}`);
    }
  };
}

function nodeLine(node: Node, { money, paintNote }: Output): string {
  const channels = countText(node.channels.filter((channel) => channel.active).length, 'channel');
  return `  ${stateSign(node.state, paintNote)} ${pad(node.id, NAME_WIDTH)} ${node.state}, ${channels}, can send ${money(node.spendable_msat)}`;
}

function readyLines(session: Session, ready: Ready): string[] {
  const { api, key } = ready;
  const { output } = session;
  const urls = facts(
    [
      ['map', mapLink({ api, key })],
      ['API', `${api}/v1`],
      ['schema', `${api}/v1/openapi.json`],
      ['try it', `curl -H 'Authorization: Bearer ${key}' ${api}/v1/balance`],
    ],
    output.paint,
  );
  return [
    '',
    ...indent(urls),
    '',
    stylesOf(output).bold('Next, in another terminal:'),
    '',
    ...indent(nextCommands(ready).map(elsewhere(session))),
    '',
    ...closingLines(session, ready).map(stylesOf(output).dim),
  ];
}

function nextCommands({ practice, nodes }: Ready): string[] {
  if (practice !== null) {
    const { invoice } = practice;
    const pay = invoice === null ? 'practice invoice --as merchant 10000' : `pay ${invoice}`;
    return [pay, 'invoice 5000 --region asia', 'books check'];
  }
  return nodes === 0 ? ['node add'] : ['nodes', 'invoice 5000', 'books check', 'node add'];
}

function closingLines(session: Session, { data, practice, nodes }: Ready): string[] {
  const hint = elsewhere(session);
  if (practice === null) {
    const first =
      nodes === 0 ? ['No node has been added yet: `node add` asks for what it needs, and checks it.'] : [];
    return [
      ...first,
      `Ctrl-C stops Argosy; your nodes go on. What it knows is in its database and in ${data}.`,
    ];
  }
  return [
    `${practice.resumed ? 'This world is back as it was' : 'This world stays'} in ${data}. Ctrl-C stops it; back again: ${hint('up')}`,
    `Forget it: ${hint('practice reset')}`,
    'New to Lightning? docs/concepts.md says what the words mean.',
  ];
}
