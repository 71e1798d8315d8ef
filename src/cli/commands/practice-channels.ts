/** `practice open` and `practice close`: channels that come and go, between any two of the practice world. */
import type { Command } from 'commander';
import { readAmount } from '../amount.ts';
import type { Run, Session } from '../session.ts';

interface OpenOptions {
  readonly push?: string;
  readonly private?: boolean;
}

export function addPracticeChannels(practice: Command, run: Run): void {
  practice
    .command('open')
    .argument('<from>', 'who opens it and pays for it, such as exchange')
    .argument('<to>', 'the other end, such as eu')
    .argument('<capacity>', 'how much it holds')
    .description('Open a channel between any two of the practice world')
    .option('--push <amount>', 'what the other end has at the start')
    .option('--private', 'nobody else is told of it')
    .action(run(open));
  practice
    .command('close')
    .argument('<channel>', 'its id; see practice balances --json')
    .description('Close a channel of the practice world')
    .option('--force', 'without the peer: its coins come home later')
    .action(run(close));
}

async function open(session: Session, from: string, to: string, capacity: string, options: OpenOptions) {
  const { connect, output, hint } = session;
  const { unit, money } = output;
  const body = {
    from,
    to,
    capacity_msat: readAmount('capacity', capacity, unit),
    private: options.private === true,
    ...(options.push === undefined ? {} : { push_msat: readAmount('--push', options.push, unit) }),
  };
  const made = await (await connect()).practice.openChannel(body);
  output.show(made, () => [
    `${made.from} opens a channel of ${money(made.capacity_msat)} to ${made.to}; usable after some seconds of blocks`,
    `Close it again: ${hint(`practice close ${made.channel}`)}`,
  ]);
  return 0 as const;
}

async function close({ connect, output }: Session, channel: string, { force = false }: { force?: boolean }) {
  const closing = await (await connect()).practice.closeChannel(channel, { force });
  output.show(closing, () => [
    force
      ? `${closing.by} closes it alone; the coins come home when the delay is over (practice mine 144)`
      : `${closing.by} and its peer close it; the coins come home after some blocks`,
  ]);
  return 0 as const;
}
