/** `nodes` and `balance`: what the fleet is, and what it can do. */
import type { Command } from 'commander';
import { printable } from '../../lightning/text.ts';
import type { Balance, Node } from '../../sdk/index.ts';
import type { Output } from '../output.ts';
import { facts, pad, table } from '../print.ts';
import type { Run, Session } from '../session.ts';
import { stateSign, stateText } from '../words.ts';
import { panicLines } from './panic.ts';

export function addFleet(program: Command, run: Run): void {
  program
    .command('nodes')
    .description('The own nodes: health, channels, what each can send and receive')
    .action(run(nodes));
  program
    .command('balance')
    .description('What the fleet can send and receive, and whose it is')
    .action(run(balance));
}

async function nodes({ connect, output }: Session) {
  const client = await connect();
  const [data, panic] = await Promise.all([client.nodes(), client.panic()]);
  output.show({ data }, () => [
    ...(panic.on ? [...panicLines(panic, output), ''] : []),
    ...(data.length === 0 ? [NO_NODES] : nodeTable(data, output)),
    ...exposureLines(data, output),
    ...problemLines(data, output),
    ...awayLines(data),
  ]);
  return 0 as const;
}

const NO_NODES = 'No node has been added yet: `argosy node add` asks for what it needs, and checks it.';

/** What is wrong, node by node: a sign, the name, a sentence. */
function problemLines(data: readonly Node[], { paint }: Output): string[] {
  const width = Math.max(...data.map(({ id }) => id.length), 0);
  const lines = data.flatMap(({ id, state, problems }) =>
    problems.map(
      ({ text }) =>
        `${stateSign(state === 'up' ? 'lagging' : state, paint)} ${pad(id, width)}  ${printable(text, 300)}`,
    ),
  );
  return lines.length === 0 ? [] : ['', ...lines];
}

/** Only of nodes that have a cap. */
function exposureLines(data: readonly Node[], { money, paint }: Output): string[] {
  const capped = data.filter((node) => node.exposure_msat_max !== null);
  if (capped.length === 0) return [];
  const lines = capped.map((node): [string, string] => [
    node.id,
    `holds ${money(node.exposure_msat)} of ${money(node.exposure_msat_max ?? '0')} at most`,
  ]);
  return ['', ...facts(lines, paint)];
}

/** Of a node that is away, what was seen last is shown. */
function awayLines(data: readonly Node[]): string[] {
  const away = data.filter(({ state }) => state === 'down').map(({ id }) => id);
  if (away.length === 0) return [];
  return ['', `The numbers of ${away.join(', ')} are as they were seen last.`];
}

export function nodeTable(data: readonly Node[], { amount, paint, unit }: Output): string[] {
  const columns = [
    { title: 'node' },
    { title: 'region' },
    { title: 'state' },
    { title: 'block', align: 'right' as const },
    { title: 'channels', align: 'right' as const },
    { title: `can send ${unit}`, align: 'right' as const },
    { title: `can receive ${unit}`, align: 'right' as const },
    { title: 'answers in', align: 'right' as const },
    { title: 'peers' },
  ];
  const rows = data.map((node) => [
    node.id,
    node.region,
    stateText(node.state, paint),
    String(node.block_height ?? '-'),
    `${node.channels.filter((channel) => channel.active).length}/${node.channels.length}`,
    amount(node.spendable_msat),
    amount(node.receivable_msat),
    node.latency_ms === null ? '-' : `${node.latency_ms} ms`,
    [...new Set(node.channels.map((channel) => printable(channel.peer_alias, 20)))].join(', '),
  ]);
  return table(columns, rows, paint);
}

async function balance({ connect, output }: Session) {
  const answer = await (await connect()).balance();
  output.show(answer, () => balanceLines(answer, output));
  return 0 as const;
}

function balanceLines(balance: Balance, { amount, money, paint, unit }: Output): string[] {
  const right = { align: 'right' as const };
  const nodes = table(
    [
      { title: 'node' },
      { title: 'state' },
      { title: `can send ${unit}`, ...right },
      { title: `can receive ${unit}`, ...right },
    ],
    balance.nodes.map((node) => [
      node.id,
      stateText(node.state, paint),
      amount(node.spendable_msat),
      amount(node.receivable_msat),
    ]),
    paint,
  );
  const accounts = table(
    [{ title: 'account' }, { title: `free ${unit}`, ...right }, { title: `held ${unit}`, ...right }],
    balance.accounts.map((account) => [account.id, amount(account.free_msat), amount(account.held_msat)]),
    paint,
  );
  const whole = facts(
    [
      ['can send', money(balance.spendable_msat)],
      ['can receive', money(balance.receivable_msat)],
      ['largest payment', `${money(balance.largest_payment_msat)}, from one node`],
    ],
    paint,
  );
  return [...whole, '', ...nodes, '', ...accounts];
}
