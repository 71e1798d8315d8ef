/** `practice`: what strangers do in the practice world, so that there is somebody to trade with. */
import type { Command } from 'commander';
import { readAmount } from '../amount.ts';
import { table } from '../print.ts';
import type { Run, Session } from '../session.ts';
import { wholeNumber } from '../whole.ts';
import { stateText } from '../words.ts';

interface AsOptions {
  readonly as: string;
  readonly amount?: string;
  readonly description?: string;
}

const MAX_BLOCKS = 1000;

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
