/** `channel`, `coins` and `chain-orders`: what own nodes do on the chain, once each. */
import type { Command } from 'commander';
import { readAmount } from '../amount.ts';
import { type OrderOptions, orderAndReport, orderLine } from '../chain-order.ts';
import type { Client } from '../client.ts';
import { cliProblem } from '../problem.ts';
import type { Run, Session } from '../session.ts';
import { wholeNumber } from '../whole.ts';
import { addPaging, noteMore, type PageOptions } from './payments.ts';

interface SpendOptions extends OrderOptions {
  readonly private?: boolean;
  readonly feeRate?: number;
}
interface CloseOptions extends OrderOptions {
  readonly force?: boolean;
}

const ordering = (command: Command): Command =>
  command
    .option('--idempotency-key <key>', 'the same key does it once, however often it is sent')
    .option('--yes', 'do not ask (without a terminal nothing is asked)');
const feeRate = [
  '--fee-rate <sat/vB>',
  'default: what the node thinks right',
  wholeNumber(1, 2_000),
] as const;

export function addChain(program: Command, run: Run): void {
  const channel = program.command('channel').description('Open and close channels of own nodes');
  ordering(channel.command('open'))
    .argument('<node>', 'who opens it, out of its coins; see nodes')
    .argument('<peer>', 'PUBKEY, or PUBKEY@HOST:PORT where it is no peer yet')
    .argument('<capacity>', 'how much it holds')
    .description('Open a channel, once')
    .option('--private', 'nobody else is told of it')
    .option(...feeRate)
    .action(run(open));
  ordering(channel.command('close'))
    .argument('<channel>', 'its id; see nodes --json')
    .description('Close a channel of an own node; its coins come home')
    .option('--force', 'without the peer: costs more, and its coins come home later')
    .action(run(close));
  const coins = program.command('coins').description('Coins of own nodes');
  ordering(coins.command('send'))
    .argument('<node>', 'whose coins; see nodes')
    .argument('<address>', 'where they go')
    .argument('<amount>', 'what arrives; the fee comes on top')
    .description("Send coins on the chain, once; they are the business's own")
    .option(...feeRate)
    .action(run(send));
  addPaging(program.command('chain-orders'))
    .argument('[id]', 'cho_...: this one alone')
    .description('Channels opened and closed by order, and coins sent, newest first')
    .action(run(orders));
}

async function open(session: Session, node: string, to: string, capacity: string, options: SpendOptions) {
  const { money, unit } = session.output;
  const at = to.indexOf('@');
  const capacity_msat = readAmount('capacity', capacity, unit);
  const body = {
    peer: at < 0 ? to : to.slice(0, at),
    ...(at < 0 ? {} : { host: to.slice(at + 1) }),
    capacity_msat,
    private: options.private === true,
    fee_rate_sat_per_vb: options.feeRate,
  };
  const question = `Bind ${money(capacity_msat)} of ${node} in a channel with ${body.peer}?`;
  return orderAndReport(session, 'channel open', question, options, (client, idempotencyKey) =>
    client.openChannel(node, body, { idempotencyKey }),
  );
}

async function close(session: Session, channel: string, options: CloseOptions) {
  const { force = false } = options;
  const node = await ownerOf(await session.connect(), channel);
  const cost = force ? ' without its peer, which costs more and takes until its delay is over' : '';
  return orderAndReport(
    session,
    'channel close',
    `Close channel ${channel} of ${node}${cost}?`,
    options,
    (client, idempotencyKey) => client.closeChannel(node, channel, { force, idempotencyKey }),
  );
}

/** @throws CliProblem channel_unknown */
async function ownerOf(client: Client, channel: string): Promise<string> {
  const nodes = await client.nodes();
  const owner = nodes.find(({ channels }) => channels.some(({ id }) => id === channel));
  if (owner !== undefined) return owner.id;
  throw cliProblem('channel_unknown', 'channel: no own node has such a channel open.', {
    next: 'nodes --json',
  });
}

async function send(session: Session, node: string, address: string, amount: string, options: SpendOptions) {
  const { money, unit } = session.output;
  const amount_msat = readAmount('amount', amount, unit);
  const body = { address, amount_msat, fee_rate_sat_per_vb: options.feeRate };
  const question = `Send ${money(amount_msat)} of the coins of ${node} to ${address}?`;
  return orderAndReport(session, 'coins send', question, options, (client, idempotencyKey) =>
    client.sendCoins(node, body, { idempotencyKey }),
  );
}

async function orders(session: Session, id: string | undefined, options: PageOptions) {
  const { connect, output } = session;
  const client = await connect();
  if (id !== undefined) {
    const order = await client.chainOrder(id);
    output.show(order, () => [orderLine(order, output)]);
    return 0 as const;
  }
  const page = await client.chainOrders(options).page();
  const lines = () => page.data.map((order) => orderLine(order, output));
  output.show(page, () => (page.data.length === 0 ? ['Nothing has been ordered yet.'] : lines()));
  noteMore(session, page, 'chain-orders');
  return 0 as const;
}
