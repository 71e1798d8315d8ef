/** What a person, or a script, is told of the network: how to connect, and what else to do. */
import { REGIONS } from '../../../src/practice/world_plan.ts';
import type { Lnd } from '../net/lnd.ts';

export interface ToldNode {
  readonly name: string;
  /** Null: a stranger. */
  readonly region: string | null;
  readonly pubkey: string;
  readonly address: string;
  readonly cert: string;
  readonly macaroon: string;
  readonly running: boolean;
}

export function toldNode(node: Lnd): ToldNode {
  return {
    name: node.name,
    region: REGIONS.find((region) => region === node.name) ?? null,
    pubkey: node.pubkey,
    address: `${node.host}:${node.rpcPort}`,
    cert: node.certPath,
    macaroon: node.macaroonPath,
    running: node.pid !== null,
  };
}

const addCommand = ({ name, region, cert, macaroon, address }: ToldNode): string =>
  `npx argosy node add ${name} --region ${region} --cert ${cert} --macaroon ${macaroon} --address ${address}`;

export function readyLines(nodes: readonly Lnd[], seconds: number): string[] {
  const own = nodes.filter((node) => toldNode(node).region !== null);
  const others = nodes.filter((node) => !own.includes(node));
  return [
    `${nodes.length} LND nodes on a regtest chain of their own, ready after ${seconds.toFixed(1)} s.`,
    '',
    'Own nodes, to be connected to an Argosy of `nodes: []` (docs/nodes.md):',
    ...own.flatMap((node) => {
      const told = toldNode(node);
      return [
        '',
        `${told.name}  region ${told.region}  ${told.address}  ${told.pubkey}`,
        `  certificate  ${told.cert}`,
        `  macaroon     ${told.macaroon}`,
        `  ${addCommand(told)}`,
        `  or: npm run -s net -- lndconnect ${told.name} | npx argosy node add ${told.name} --region ${told.region} --lndconnect -`,
      ];
    }),
    '',
    'Strangers, to trade with:',
    ...others.map((node) => `  ${node.name.padEnd(9)} ${toldNode(node).address}  ${node.pubkey}`),
    '',
    'In another terminal, in the same folder:',
    '  npm run net -- invoice merchant 25000   the merchant asks for 25,000 sat',
    '  npm run net -- pay exchange BOLT11      the exchange pays an invoice of yours',
    '  npm run net -- mine 6                   six blocks',
    '  npm run net -- kill us                  a node dies (start us: it comes back)',
    '  npm run net -- status                   who runs, and what each has',
    '  npm run net -- stop                     or Ctrl-C here: all stop, and nothing is left',
  ];
}
