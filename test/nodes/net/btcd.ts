import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { type Chain, chainOf, MINING_ADDRESS, RPC_USER, rpcPassword } from './chain.ts';
import { programOf } from './daemons.ts';
import type { NetFolder } from './folder.ts';
import { freePort } from './ports.ts';
import { rpcAt } from './rpc.ts';
import { until } from './until.ts';

/** Segwit and taproot come into force on btcd's regtest by the votes of three windows of 144 blocks. */
export const BTCD_FIRST_BLOCKS = 450;

/** A btcd without a block but the first. */
export async function startBtcd(folder: NetFolder, name: string): Promise<Chain> {
  const [rpcPort, p2pPort] = [await freePort(), await freePort()];
  const password = rpcPassword();
  const daemon = folder.daemon(name);
  const at = (file: string): string => join(daemon.folder, file);
  daemon.start(programOf('btcd'), [
    '--regtest',
    `--configfile=${at('btcd.conf')}`,
    `--datadir=${at('data')}`,
    `--logdir=${at('logs')}`,
    `--rpccert=${at('rpc.cert')}`,
    `--rpckey=${at('rpc.key')}`,
    `--rpcuser=${RPC_USER}`,
    `--rpcpass=${password}`,
    `--rpclisten=127.0.0.1:${rpcPort}`,
    `--listen=127.0.0.1:${p2pPort}`,
    `--miningaddr=${MINING_ADDRESS}`,
    '--txindex',
    '--trickleinterval=50ms',
    '--rpcmaxclients=500',
    '--rpcmaxwebsockets=1000',
    '--rpcmaxconcurrentreqs=200',
    '--nobanning',
    '--nostalldetect',
    '--rejectnonstd',
  ]);
  let agent: Agent | null = null;
  const rpc = rpcAt({
    port: rpcPort,
    user: RPC_USER,
    password,
    agent: () => {
      agent ??= new Agent({ ca: readFileSync(at('rpc.cert')), keepAlive: true });
      return agent;
    },
  });
  await until(`${name} to answer`, async () => {
    daemon.assertRuns();
    return (await rpc<number>('getblockcount')) >= 0;
  });
  return chainOf(daemon, {
    kind: 'btcd',
    rpcPort,
    p2pPort,
    rpc,
    generate: (blocks) => rpc('generate', [blocks]),
    connect: (address) =>
      rpc('addnode', [address, 'add']).catch((error: Error) => {
        if (!/already connected/.test(error.message)) throw error;
      }),
    disconnect: (address) => rpc('addnode', [address, 'remove']),
    lndFlags: [
      '--bitcoin.node=btcd',
      `--btcd.rpchost=127.0.0.1:${rpcPort}`,
      `--btcd.rpcuser=${RPC_USER}`,
      `--btcd.rpcpass=${password}`,
      `--btcd.rpccert=${at('rpc.cert')}`,
    ],
  });
}
