import { RawTx } from '@scure/btc-signer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Chain, openChain } from './chain.ts';
import { blockBytes } from './chain_block.ts';
import { askChain } from './chain_rpc.ts';
import { type RpcServer, serveChainRpc } from './chain_rpc_server.ts';
import { ANYONE_SCRIPT, ANYONE_WITNESS, readTransaction } from './chain_transaction.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function spend(txid: string, amountSat: bigint): string {
  return hex(
    RawTx.encode({
      version: 2,
      segwitFlag: true,
      inputs: [
        {
          txid: Buffer.from(txid, 'hex'),
          index: 0,
          finalScriptSig: new Uint8Array(),
          sequence: 0xfffffffd,
        },
      ],
      outputs: [{ amount: amountSat, script: ANYONE_SCRIPT }],
      witnesses: [ANYONE_WITNESS],
      lockTime: 0,
    }),
  );
}

/** 111 blocks; the last holds a coin of 1,000,000 sat that anyone may spend. */
function withCoin(): { chain: Chain; txid: string } {
  const chain = openChain({ file: null });
  for (let block = 0; block < 110; block++) chain.mine();
  const txid = chain.fund(ANYONE_SCRIPT, 1_000_000n);
  chain.mine();
  return { chain, txid };
}

/** What a client reads: the result after a journey through JSON, or the error. */
function ask(chain: Chain, method: string, ...params: unknown[]): unknown {
  const answer = askChain(chain, method, params);
  return answer.kind === 'error' ? answer : JSON.parse(JSON.stringify(answer.result));
}
const refused = (code: number, message: unknown = expect.any(String)) => ({ kind: 'error', code, message });

describe('the RPC of the chain', () => {
  it('tells the tip, and the work that is in it', () => {
    const { chain } = withCoin();
    expect(ask(chain, 'getblockchaininfo')).toMatchObject({
      chain: 'regtest',
      blocks: 111,
      headers: 111,
      bestblockhash: chain.tip.id,
      chainwork: (224).toString(16).padStart(64, '0'),
      initialblockdownload: false,
    });
    expect(ask(chain, 'getblockcount')).toBe(111);
    expect(ask(chain, 'getbestblockhash')).toBe(chain.tip.id);
    expect(ask(chain, 'getblockhash', 0)).toBe(chain.block(0)?.id);
    expect(ask(chain, 'getblockhash', 112)).toEqual(refused(-8, 'Block height out of range'));
  });

  it('gives headers, in words and in bytes', () => {
    const { chain } = withCoin();
    const { id, header, time } = chain.tip;
    expect(ask(chain, 'getblockheader', id, false)).toBe(hex(header));
    expect(ask(chain, 'getblockheader', id)).toMatchObject({
      hash: id,
      height: 111,
      confirmations: 1,
      version: 0x20000000,
      bits: '207fffff',
      time,
      previousblockhash: chain.block(110)?.id,
      nTx: 2,
    });
    expect(ask(chain, 'getblockheader', chain.block(0)?.id ?? '')).not.toHaveProperty('previousblockhash');
    expect(ask(chain, 'getblockheader', '00'.repeat(32))).toEqual(refused(-5, 'Block not found'));
  });

  it('gives blocks, in bytes and as a list of txids', () => {
    const { chain, txid } = withCoin();
    const bytes = String(ask(chain, 'getblock', chain.tip.id, 0));
    expect(bytes).toBe(hex(blockBytes(chain.tip)));
    expect(bytes.slice(160, 162)).toBe('02');
    expect(ask(chain, 'getblock', chain.tip.id)).toMatchObject({ tx: [expect.any(String), txid] });
    expect(ask(chain, 'getblock', chain.tip.id, 2)).toEqual(refused(-8));
  });

  it('finds a coin until something spends it, and ignores the mempool when told so', () => {
    const { chain, txid } = withCoin();
    expect(ask(chain, 'gettxout', txid, 0)).toMatchObject({ confirmations: 1, value: 0.01, coinbase: false });
    ask(chain, 'sendrawtransaction', spend(txid, 990_000n));
    expect(ask(chain, 'gettxout', txid, 0)).toBeNull();
    expect(ask(chain, 'gettxout', txid, 0, false)).toMatchObject({ value: 0.01 });
    chain.mine();
    expect(ask(chain, 'gettxout', txid, 0, false)).toBeNull();
  });

  it('takes a transaction, and tells of it in the mempool and afterwards', () => {
    const { chain, txid } = withCoin();
    const raw = spend(txid, 990_000n);
    const sent = String(ask(chain, 'sendrawtransaction', raw));
    expect(sent).toBe(readTransaction(Buffer.from(raw, 'hex')).txid);
    expect(ask(chain, 'sendrawtransaction', raw)).toBe(sent);
    expect(ask(chain, 'getrawmempool', false)).toEqual([sent]);
    expect(ask(chain, 'getmempoolinfo')).toMatchObject({ loaded: true, size: 1 });
    expect(ask(chain, 'getmempoolentry', sent)).toMatchObject({
      time: expect.any(Number),
      height: 111,
      vsize: 96,
      fees: { base: 0.0001 },
      depends: [],
    });
    expect(ask(chain, 'getrawtransaction', sent)).toBe(raw);
    chain.mine();
    expect(ask(chain, 'getmempoolentry', sent)).toEqual(refused(-5, 'Transaction not in mempool'));
    expect(ask(chain, 'getrawtransaction', sent)).toBe(raw);
    expect(ask(chain, 'getrawtransaction', '11'.repeat(32))).toEqual(refused(-5));
  });

  it('names parents and children in the mempool', () => {
    const { chain, txid } = withCoin();
    const parent = String(ask(chain, 'sendrawtransaction', spend(txid, 990_000n)));
    const child = String(ask(chain, 'sendrawtransaction', spend(parent, 980_000n)));
    expect(ask(chain, 'getmempoolentry', parent)).toMatchObject({ depends: [], spentby: [child] });
    expect(ask(chain, 'getrawmempool', true)).toMatchObject({ [child]: { depends: [parent], spentby: [] } });
  });

  it("refuses transactions with Bitcoin Core's codes", () => {
    const { chain, txid } = withCoin();
    const raw = spend(txid, 990_000n);
    expect(ask(chain, 'sendrawtransaction', 'zz')).toEqual(refused(-22));
    expect(ask(chain, 'sendrawtransaction', 'abcd')).toEqual(refused(-22));
    expect(ask(chain, 'sendrawtransaction', spend('11'.repeat(32), 1n))).toEqual(
      refused(-25, 'bad-txns-inputs-missingorspent'),
    );
    expect(ask(chain, 'sendrawtransaction', spend(txid, 1_000_001n))).toEqual(
      refused(-26, 'bad-txns-in-belowout'),
    );
    const sent = String(ask(chain, 'sendrawtransaction', raw));
    chain.mine();
    expect(ask(chain, 'sendrawtransaction', raw)).toEqual(
      refused(-27, 'Transaction outputs already in utxo set'),
    );
    ask(chain, 'sendrawtransaction', spend(sent, 980_000n));
    chain.mine();
    expect(ask(chain, 'sendrawtransaction', raw)).toEqual(refused(-25));
  });

  it('reads parameters by name as well, and says what is wrong with them', () => {
    const { chain } = withCoin();
    expect(askChain(chain, 'getblockhash', { height: 111 })).toEqual({
      kind: 'result',
      result: chain.tip.id,
    });
    expect(askChain(chain, 'getblockhash', { hight: 111 })).toEqual(
      refused(-8, 'Unknown named parameter hight'),
    );
    expect(ask(chain, 'getblockhash', '111')).toEqual(refused(-3, 'height must be of type number'));
    expect(ask(chain, 'getblockcount', 1)).toEqual(refused(-1));
    expect(ask(chain, 'getblock', 'abc')).toEqual(refused(-8));
    expect(ask(chain, 'stop')).toEqual(refused(-32601, 'Method not found'));
    expect(ask(chain, 'constructor')).toEqual(refused(-32601, 'Method not found'));
  });

  it('writes amounts exactly', () => {
    const { chain } = withCoin();
    const answer = askChain(chain, 'estimatesmartfee', [6]);
    expect(JSON.stringify(answer.kind === 'result' && answer.result)).toBe(
      '{"feerate":0.00002000,"blocks":6}',
    );
  });
});

describe('the RPC over HTTP', () => {
  let server: RpcServer;
  const { chain } = withCoin();
  beforeEach(async () => {
    server = await serveChainRpc({ chain, host: '127.0.0.1', port: 0, user: 'someone', password: 'secret' });
  });
  afterEach(() => server.close());

  const post = (body: string, password = 'secret', method = 'POST') =>
    fetch(`http://127.0.0.1:${server.port}/`, {
      method,
      headers: { authorization: `Basic ${Buffer.from(`someone:${password}`).toString('base64')}` },
      ...(method === 'POST' ? { body } : {}),
    });

  it('answers one request, and a batch', async () => {
    const one = await post('{"method":"getblockcount","params":[],"id":"7"}');
    expect([one.status, await one.json()]).toEqual([200, { result: 111, error: null, id: '7' }]);
    const batch = await post('[{"method":"getblockcount","id":1},{"method":"nothing","id":2}]');
    expect(await batch.json()).toEqual([
      { result: 111, error: null, id: 1 },
      { result: null, error: { code: -32601, message: 'Method not found' }, id: 2 },
    ]);
  });

  it('says with its status that something is wrong', async () => {
    expect((await post('{"method":"nothing"}')).status).toBe(404);
    expect((await post('{"method":"getblockhash","params":[999]}')).status).toBe(500);
    expect((await post('{"method":5}')).status).toBe(400);
    expect((await post('null')).status).toBe(400);
    expect(await (await post('{')).json()).toMatchObject({ error: { code: -32700 } });
    expect((await post('[]')).status).toBe(400);
    expect((await post('', 'secret', 'GET')).status).toBe(405);
  });

  it('lets nobody in without the password', async () => {
    expect((await post('{"method":"getblockcount"}', 'guess')).status).toBe(401);
  });

  it('does not read a body without end', async () => {
    const long = await post(`"${'a'.repeat(5_000_000)}"`).catch(() => null);
    expect(long?.status ?? 413).toBe(413);
    expect((await post('{"method":"getblockcount"}')).status).toBe(200);
  });
});
