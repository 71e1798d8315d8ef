import { type Chain, chainOf, MINING_ADDRESS, RPC_USER, rpcPassword } from './chain.ts';
import { programOf } from './daemons.ts';
import type { NetFolder } from './folder.ts';
import { freePort } from './ports.ts';
import { rpcAt } from './rpc.ts';
import { until } from './until.ts';

/** Until the first coinbases are ripe, and some more. */
export const BITCOIND_FIRST_BLOCKS = 150;

/** A bitcoind without a wallet, and without a block but the first. */
export async function startBitcoind(folder: NetFolder, name: string): Promise<Chain> {
  const [rpcPort, p2pPort] = [await freePort(), await freePort()];
  const [blocksPort, transactionsPort] = [await freePort(), await freePort()];
  const password = rpcPassword();
  const daemon = folder.daemon(name);
  daemon.start(programOf('bitcoind'), [
    '-regtest',
    `-datadir=${daemon.folder}`,
    '-server',
    '-disablewallet',
    '-txindex',
    '-listen',
    `-bind=127.0.0.1:${p2pPort}`,
    '-listenonion=0',
    '-dnsseed=0',
    '-fixedseeds=0',
    '-natpmp=0',
    // Passes transactions on at once, as for friends.
    '-whitelist=in,out,noban@127.0.0.1',
    '-fallbackfee=0.00002',
    `-rpcport=${rpcPort}`,
    '-rpcbind=127.0.0.1',
    '-rpcallowip=127.0.0.1',
    `-rpcuser=${RPC_USER}`,
    `-rpcpassword=${password}`,
    '-rpcworkqueue=256',
    '-rpcthreads=16',
    `-zmqpubrawblock=tcp://127.0.0.1:${blocksPort}`,
    `-zmqpubrawtx=tcp://127.0.0.1:${transactionsPort}`,
  ]);
  const rpc = rpcAt({ port: rpcPort, user: RPC_USER, password });
  await until(`${name} to answer`, async () => {
    daemon.assertRuns();
    return (await rpc<number>('getblockcount')) >= 0;
  });
  return chainOf(daemon, {
    kind: 'bitcoind',
    rpcPort,
    p2pPort,
    rpc,
    generate: (blocks) => rpc('generatetoaddress', [blocks, MINING_ADDRESS]),
    connect: (address) => rpc('addnode', [address, 'onetry']),
    disconnect: (address) => rpc('disconnectnode', [address]),
    lndFlags: [
      '--bitcoin.node=bitcoind',
      `--bitcoind.rpchost=127.0.0.1:${rpcPort}`,
      `--bitcoind.rpcuser=${RPC_USER}`,
      `--bitcoind.rpcpass=${password}`,
      `--bitcoind.zmqpubrawblock=tcp://127.0.0.1:${blocksPort}`,
      `--bitcoind.zmqpubrawtx=tcp://127.0.0.1:${transactionsPort}`,
    ],
  });
}
