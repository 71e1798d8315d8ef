/** `accounts`: who owns what. */
import type { Command } from 'commander';
import type { Account } from '../../sdk/index.ts';
import type { Output } from '../output.ts';
import { table } from '../print.ts';
import type { Run, Session } from '../session.ts';

export function addAccounts(program: Command, run: Run): void {
  const accounts = program
    .command('accounts')
    .description('Own funds and the accounts of customers')
    .action(run(list));
  accounts
    .command('create')
    .argument('<name>', 'lower-case letters, digits and dashes')
    .description('Open the account of a customer')
    .action(run(create));
}

async function list({ connect, output }: Session) {
  const data = await (await connect()).accounts();
  output.show({ data }, () => accountTable(data, output));
  return 0 as const;
}

async function create({ connect, output, hint }: Session, name: string) {
  const account = await (await connect()).openAccount(name);
  output.show(account, () => [account.id]);
  output.note(`It is empty. To fill it: ${hint(`invoice 5000 --account ${account.id}`)}`);
  return 0 as const;
}

function accountTable(data: readonly Account[], { amount, paint, unit }: Output): string[] {
  const right = { align: 'right' as const };
  return table(
    [
      { title: 'account' },
      { title: `free ${unit}`, ...right },
      { title: `held ${unit}`, ...right },
      { title: 'whose' },
    ],
    data.map((account) => [
      account.id,
      amount(account.free_msat),
      amount(account.held_msat),
      account.custodial ? "the customer's" : 'own funds',
    ]),
    paint,
  );
}
