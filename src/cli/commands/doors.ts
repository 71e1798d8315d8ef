/** `practice doors` and `practice fund`: what a node from outside needs to join the practice world. */
import type { Command } from 'commander';
import type { Doors } from '../../sdk/index.ts';
import { readAmount } from '../amount.ts';
import type { Output } from '../output.ts';
import { facts, indent, table } from '../print.ts';
import type { Run, Session } from '../session.ts';

export function addDoors(practice: Command, run: Run): void {
  practice
    .command('doors')
    .description('Where other Lightning nodes join the practice world')
    .action(run(doors));
  practice
    .command('fund')
    .argument('<address>', 'an on-chain address, bcrt1...')
    .argument('<amount>', 'how much')
    .description('Coins from the faucet, for a wallet from outside')
    .action(run(fund));
}

async function doors({ connect, output, hint }: Session) {
  const open = await (await connect()).practice.doors();
  const closed = open.rpc === null && open.peers.length === 0;
  output.show(open, () =>
    closed
      ? ['The doors are closed: the configuration says so at practice.doors.enabled.']
      : [
          ...chainLines(open, output),
          '',
          ...peerLines(open, output),
          '',
          `Coins for a wallet from outside: ${hint('practice fund ADDRESS 1000000')}`,
        ],
  );
  for (const trouble of open.troubles) output.note(`${output.paintNote('yellow', 'note:')} ${trouble}`);
  return 0 as const;
}

function chainLines({ network, rpc }: Doors, { paint }: Output): string[] {
  const title = paint('bold', `The chain (${network}), as Bitcoin Core's RPC:`);
  if (rpc === null) return [title, '', '  closed'];
  return [
    title,
    '',
    ...indent(
      facts(
        [
          ['URL', rpc.url],
          ['user', rpc.user],
          ['password', rpc.password],
        ],
        paint,
      ),
    ),
  ];
}

function peerLines({ peers }: Doors, { paint }: Output): string[] {
  const rows = peers.map(({ node, address }) => [node, address ?? 'closed']);
  return [
    paint('bold', 'The nodes, as peers over TCP:'),
    '',
    ...indent(table([{ title: 'node' }, { title: 'address' }], rows, paint)),
  ];
}

async function fund({ connect, output }: Session, address: string, amount: string) {
  const request = { address, amount_msat: readAmount('AMOUNT', amount, output.unit) };
  const paid = await (await connect()).practice.fund(request);
  output.show(paid, () => [`${output.money(paid.amount_msat)} in block ${paid.height}: ${paid.txid}`]);
  return 0 as const;
}
