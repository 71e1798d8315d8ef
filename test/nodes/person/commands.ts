/** What a second terminal may ask of the running network. */

import type { Lnd } from '../net/lnd.ts';
import { confirmedSat, invoice, pay } from '../net/lnd_verbs.ts';
import type { Network } from '../net/network.ts';
import { toldNode } from './told.ts';

/** The document for scripts, and the same as lines for people. */
export interface Answer {
  readonly document: unknown;
  readonly lines: readonly string[];
}

interface Command {
  readonly usage: string;
  /** Least and most number of words after its name. */
  readonly words: readonly [number, number];
  run(network: Network, words: readonly string[]): Promise<Answer>;
}

/** Said to whoever asked, as it is. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

const BLOCKS_MAX = 1_000;
const SAT_MAX = 100_000_000;

export const COMMANDS: Readonly<Record<string, Command>> = {
  mine: {
    usage: 'mine [BLOCKS]',
    words: [0, 1],
    async run(network, [blocks = '1']) {
      await network.mine(wholeNumber(blocks, BLOCKS_MAX));
      const { height } = await network.chain.tip();
      return { document: { height }, lines: [`The chain is ${height} blocks high.`] };
    },
  },
  invoice: {
    usage: 'invoice WHO SAT',
    words: [2, 2],
    async run(network, [who = '', sat = '']) {
      const bolt11 = await invoice(runningNode(network, who), wholeNumber(sat, SAT_MAX));
      return { document: { invoice: bolt11 }, lines: [bolt11] };
    },
  },
  pay: {
    usage: 'pay WHO BOLT11',
    words: [2, 2],
    async run(network, [who = '', bolt11 = '']) {
      const { preimage, feeMsat } = await pay(runningNode(network, who), bolt11);
      return {
        document: { preimage, fee_msat: String(feeMsat) },
        lines: [`Paid by ${who}, for a fee of ${feeMsat} msat; preimage ${preimage}`],
      };
    },
  },
  status: {
    usage: 'status',
    words: [0, 0],
    async run(network) {
      const { height, hash } = await network.chain.tip();
      const nodes = await Promise.all(network.nodes.map(statusOf));
      return {
        document: { height, hash, folder: network.folder, nodes },
        lines: [`Block ${height}, ${hash}`, ...nodes.map(statusLine)],
      };
    },
  },
  lndconnect: {
    usage: 'lndconnect WHO',
    words: [1, 1],
    async run(network, [who = '']) {
      const uri = namedNode(network, who).lndconnect();
      return { document: { lndconnect: uri }, lines: [uri] };
    },
  },
  kill: {
    usage: 'kill WHO',
    words: [1, 1],
    async run(network, [who = '']) {
      await runningNode(network, who).kill();
      return {
        document: { killed: who },
        lines: [`${who} is dead. It comes back with: npm run net -- start ${who}`],
      };
    },
  },
  start: {
    usage: 'start WHO',
    words: [1, 1],
    async run(network, [who = '']) {
      const node = namedNode(network, who);
      if (node.pid !== null) throw new Refusal(`${who} runs already.`);
      await node.start();
      return { document: { started: who }, lines: [`${who} is back.`] };
    },
  },
};

export const USAGES: readonly string[] = [...Object.values(COMMANDS).map(({ usage }) => usage), 'stop'];

/** @throws Refusal */
export async function runCommand(
  network: Network,
  [name = '', ...words]: readonly string[],
): Promise<Answer> {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined)
    throw new Refusal(`There is no ${name || 'empty command'}; there are: ${USAGES.join(', ')}`);
  const [least, most] = command.words;
  if (words.length < least || words.length > most)
    throw new Refusal(`Usage: npm run net -- ${command.usage}`);
  return command.run(network, words);
}

function namedNode(network: Network, name: string): Lnd {
  const node = network.nodes.find((each) => each.name === name);
  if (node !== undefined) return node;
  throw new Refusal(`There is no ${name}; there are: ${network.nodes.map((each) => each.name).join(', ')}`);
}

function runningNode(network: Network, name: string): Lnd {
  const node = namedNode(network, name);
  if (node.pid === null)
    throw new Refusal(`${name} does not run. Start it with: npm run net -- start ${name}`);
  return node;
}

function wholeNumber(text: string, most: number): number {
  const value = Number(text.replaceAll(',', ''));
  if (/^[\d,]+$/.test(text) && value >= 1 && value <= most) return value;
  throw new Refusal(`${text} is not a whole number from 1 to ${most}.`);
}

async function statusOf(node: Lnd) {
  const told = toldNode(node);
  if (!told.running)
    return { ...told, onchain_sat: null, local_msat: null, remote_msat: null, block_height: null };
  type Sides = { local_balance: { msat: string }; remote_balance: { msat: string } };
  const sides = await node.rest<Sides>('GET', '/v1/balance/channels');
  const { block_height } = await node.rest<{ block_height: number }>('GET', '/v1/getinfo');
  return {
    ...told,
    onchain_sat: await confirmedSat(node),
    local_msat: sides.local_balance.msat,
    remote_msat: sides.remote_balance.msat,
    block_height,
  };
}

function statusLine(status: Awaited<ReturnType<typeof statusOf>>): string {
  const { name, running, onchain_sat, local_msat, remote_msat, block_height, address } = status;
  if (!running) return `${name.padEnd(9)} does not run`;
  const sat = (msat: string | null): string => (BigInt(msat ?? 0) / 1000n).toLocaleString('en');
  const coins = (onchain_sat ?? 0).toLocaleString('en');
  return `${name.padEnd(9)} ${address}, at block ${block_height}: sends ${sat(local_msat)}, receives ${sat(remote_msat)}, coins ${coins} sat`;
}
