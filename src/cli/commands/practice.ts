/** `practice`: what strangers do in the practice world, so that there is somebody to trade with. */
import { type Command, Option } from 'commander';
import type { NodeFault } from '../../sdk/index.ts';
import { readAmount } from '../amount.ts';
import { table } from '../print.ts';
import type { Run, Session } from '../session.ts';
import { wholeNumber } from '../whole.ts';
import { stateText } from '../words.ts';
import { addDoors } from './doors.ts';
import { addPracticeBalances } from './practice-balances.ts';
import { addPracticeChannels } from './practice-channels.ts';
import { addPracticeReset } from './practice-reset.ts';
import { addTraffic } from './traffic.ts';

interface BreakOptions {
  readonly how: NodeFault['how'];
  readonly delay?: number;
}

interface AsOptions {
  readonly as: string;
  readonly amount?: string;
  readonly description?: string;
}

const MAX_BLOCKS = 1000;
const MAX_DELAY_MS = 60_000;

export function addPractice(program: Command, run: Run): void {
  const practice = program.command('practice').description('The practice world: its people and its chain');
  practice.command('people').description('Who there is to trade with').action(run(people));
  practice
    .command('invoice')
    .argument('[amount]', 'none: the payer chooses')
    .description('A person asks for money')
    .requiredOption('--as <name>', 'who asks, such as merchant')
    .option('--description <text>', 'what it is for')
    .action(run(invoice));
  practice
    .command('pay')
    .argument('<bolt11>', 'the invoice')
    .description('A person pays an invoice')
    .requiredOption('--as <name>', 'who pays, such as exchange')
    .option('--amount <amount>', 'for an invoice that leaves the amount open')
    .action(run(pay));
  practice
    .command('mine')
    .argument('[blocks]', 'how many', wholeNumber(1, MAX_BLOCKS), 1)
    .description('Mine blocks on the practice chain')
    .action(run(mine));
  addDoors(practice, run);
  addPracticeChannels(practice, run);
  practice
    .command('break')
    .argument('<node>', 'an own node, such as eu')
    .description('Break an own node, to see what happens')
    .addOption(
      new Option('--how <fault>', 'answers nothing; has no links; takes longer to answer')
        .choices(['dies', 'cut-off', 'slow'])
        .default('dies'),
    )
    .option('--delay <ms>', 'for slow: how much longer', wholeNumber(1, MAX_DELAY_MS))
    .action(run(breakNode));
  practice
    .command('heal')
    .argument('<node>', 'an own node, such as eu')
    .description('Make a broken node well again')
    .action(run(heal));
  addPracticeBalances(practice, run);
  addTraffic(practice, run);
  addPracticeReset(practice, run);
}

async function people({ connect, output }: Session) {
  const answer = await (await connect()).practice.people();
  const right = { align: 'right' as const };
  output.show(answer, () =>
    table(
      [
        { title: 'name' },
        { title: 'channels', ...right },
        { title: `can send ${output.unit}`, ...right },
        { title: `can receive ${output.unit}`, ...right },
        { title: 'public key' },
      ],
      answer.data.map((person) => [
        person.name,
        String(person.channels),
        output.amount(person.spendable_msat),
        output.amount(person.receivable_msat),
        person.pubkey,
      ]),
      output.paint,
    ),
  );
  return 0 as const;
}

async function invoice({ connect, output }: Session, amount: string | undefined, options: AsOptions) {
  const body = {
    ...(amount === undefined ? {} : { amount_msat: readAmount('AMOUNT', amount, output.unit) }),
    description: options.description,
  };
  const answer = await (await connect()).practice.invoiceAs(options.as, body);
  output.show(answer, () => [answer.invoice]);
  return 0 as const;
}

async function pay({ connect, output }: Session, bolt11: string, { as, amount }: AsOptions) {
  const body = {
    invoice: bolt11,
    ...(amount === undefined ? {} : { amount_msat: readAmount('--amount', amount, output.unit) }),
  };
  const paid = await (await connect()).practice.payAs(as, body);
  output.show(paid, () => [
    `${stateText(paid.state, output.paint)}  ${as} paid ${output.money(paid.amount_msat)}, fee ${output.money(paid.fee_msat)}`,
  ]);
  return 0 as const;
}

async function mine({ connect, output }: Session, count: number) {
  const mined = await (await connect()).practice.mine(count);
  output.show(mined, () => [`block ${mined.height}`]);
  return 0 as const;
}

const BROKEN = {
  dies: 'answers nothing any more, and its peers have lost it',
  'cut-off': 'answers, but all its links are down',
  slow: 'takes longer to answer',
} as const;

async function breakNode({ connect, output, hint }: Session, node: string, { how, delay }: BreakOptions) {
  const fault = { how, ...(delay === undefined ? {} : { delay_ms: delay }) };
  const now = await (await connect()).practice.breakNode(node, fault);
  output.show(now, () => [
    `${now.node} ${now.how === null ? 'is well' : BROKEN[now.how]}${now.delay_ms === null ? '' : `: ${now.delay_ms} ms`}`,
    `Make it well again: ${hint(`practice heal ${node}`)}`,
  ]);
  return 0 as const;
}

async function heal({ connect, output }: Session, node: string) {
  const now = await (await connect()).practice.healNode(node);
  output.show(now, () => [`${now.node} is well again; its links come back within a second`]);
  return 0 as const;
}
