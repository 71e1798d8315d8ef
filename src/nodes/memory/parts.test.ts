/** The small parts that the network is made of. */

import { secp256k1 } from '@noble/curves/secp256k1.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventLog } from './event_log.ts';
import { heap } from './heap.ts';
import { keyPair, seeded, sha256Hex } from './seeded.ts';
import { signCheaply } from './signature.ts';
import { manualTime } from './time.ts';

describe('the heap', () => {
  it('gives the smallest cost first, and of equal costs the one that came first', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 })), (costs) => {
        const all = heap<number, number>();
        for (const [index, cost] of costs.entries()) all.push(cost, index);
        const taken = costs.map(() => all.pop());
        const sorted = costs.map((_, index) => index).sort((a, b) => (costs[a] ?? 0) - (costs[b] ?? 0));
        expect(taken).toEqual(sorted);
        expect(all.pop()).toBeUndefined();
      }),
    );
  });
});

describe('manual time', () => {
  it('runs what is due in order, also what falls due because of it, and nothing that was cancelled', () => {
    const time = manualTime(0);
    const ran: string[] = [];
    time.after(20, () => ran.push(`b at ${time.now()}`));
    time.after(10, () => {
      ran.push(`a at ${time.now()}`);
      time.after(5, () => ran.push(`c at ${time.now()}`));
    });
    const cancel = time.after(12, () => ran.push('never'));
    cancel();
    time.advance(19);
    expect(ran).toEqual(['a at 10', 'c at 15']);
    time.advance(1);
    expect(ran).toEqual(['a at 10', 'c at 15', 'b at 20']);
    expect(time.now()).toBe(20);
  });
});

describe('the cheap signature', () => {
  it('is a valid low-S signature whose key can be recovered', () => {
    const random = seeded('signatures');
    for (let round = 0; round < 20; round += 1) {
      const { secretKey, pubkey } = keyPair(random, `${round}`);
      const hash = Buffer.from(sha256Hex(random(`hash/${round}`)), 'hex');
      const { signature, recovery } = signCheaply(secretKey)(hash);
      expect(
        secp256k1.verify(signature, hash, Buffer.from(pubkey, 'hex'), { prehash: false, lowS: true }),
      ).toBe(true);
      const parsed = secp256k1.Signature.fromBytes(signature, 'compact').addRecoveryBit(recovery);
      expect(parsed.recoverPublicKey(hash).toHex(true)).toBe(pubkey);
    }
  });
});

describe('the event log', () => {
  const block = (height: number) => ({ kind: 'block', height }) as const;

  it('takes up after what it has forgotten, and refuses cursors that it never gave', async () => {
    const log = eventLog(manualTime(), () => false);
    for (let height = 1; height <= 5; height += 1) log.append(block(height));
    log.forget('3');
    const seen: string[] = [];
    const subscription = log.subscribe('1', async (batch) => {
      seen.push(...batch.map((event) => event.cursor));
    });
    log.append(block(6));
    await new Promise<void>((resolve) => setImmediate(resolve));
    await subscription.stop();
    expect(seen).toEqual(['4', '5', '6']);
    for (const cursor of ['7', '-1', 'x', ''])
      expect(() => log.subscribe(cursor, async () => {})).toThrow(RangeError);
  });

  it('stops at once when it waits to deliver again', async () => {
    const log = eventLog(manualTime(), () => false);
    log.append(block(1));
    let tries = 0;
    const subscription = log.subscribe(null, async () => {
      tries += 1;
      throw new Error('not now');
    });
    await new Promise<void>((resolve) => setImmediate(resolve));
    await subscription.stop();
    expect(tries).toBe(1);
  });
});
