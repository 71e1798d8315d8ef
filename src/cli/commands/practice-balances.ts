/** `practice balances`: what everybody in the practice world has, drawn channel by channel. */
import type { Command } from 'commander';
import { printable } from '../../lightning/text.ts';
import type { HeldChannel, PracticeBalances } from '../../sdk/index.ts';
import type { Output } from '../output.ts';
import { bar, table } from '../print.ts';
import type { Run, Session } from '../session.ts';

type Holder = PracticeBalances['data'][number];

const BAR_WIDTH = 20;
const MAX_NAME = 24;

export function addPracticeBalances(practice: Command, run: Run): void {
  practice
    .command('balances')
    .description('What everybody has, own nodes and people: channels and coins')
    .action(run(balances));
}

async function balances({ connect, output }: Session) {
  const answer = await (await connect()).practice.balances();
  output.show(answer, () => balanceTable(answer.data, output));
  return 0 as const;
}

/** A block of lines for each holder: his channels, then his coins. */
function balanceTable(holders: readonly Holder[], output: Output): string[] {
  const { paint, unit } = output;
  const right = { align: 'right' as const };
  const columns = [
    { title: '' },
    { title: 'with' },
    { title: 'own side' },
    { title: `own side ${unit}`, ...right },
    { title: `of ${unit}`, ...right },
    { title: `can send ${unit}`, ...right },
    { title: `can receive ${unit}`, ...right },
    { title: '' },
  ];
  const rows = holders.flatMap((holder) => holderRows(holder, output));
  return table(columns, rows, paint);
}

function holderRows({ name, answers, onchain_msat, channels }: Holder, output: Output): string[][] {
  const { amount, paint } = output;
  const rows = answers
    ? [...channels.map((each) => channelRow(each, output)), ['on-chain', '', amount(onchain_msat)]]
    : [[paint('red', '✗ does not answer')]];
  return rows.map((row, at) => [at === 0 ? paint('bold', name) : '', ...row]);
}

function channelRow(channel: HeldChannel, { amount, paint }: Output): string[] {
  const state = [
    ...(channel.private ? [paint('dim', 'private')] : []),
    ...(channel.active ? [] : [paint('red', '✗ down')]),
  ];
  return [
    printable(channel.peer_name, MAX_NAME),
    bar(BigInt(channel.local_msat), BigInt(channel.capacity_msat), BAR_WIDTH),
    amount(channel.local_msat),
    amount(channel.capacity_msat),
    amount(channel.spendable_msat),
    amount(channel.receivable_msat),
    state.join(' '),
  ];
}
