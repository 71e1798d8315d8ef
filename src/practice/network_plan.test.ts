import { describe, expect, it } from 'vitest';
import { linksOf, type NetworkPlan } from './network_plan.ts';
import { WORLD } from './world_plan.ts';

const FREE = { baseMsat: 0, ppm: 0 };
const channel = (from: string, to: string, hidden = false) => ({
  from,
  to,
  private: hidden,
  capacitySat: 1_000_000,
  pushSat: 0,
  fromFee: FREE,
  toFee: FREE,
});
const plan = (groups: string[][], channels: [string, string, boolean?][]): NetworkPlan<string> => ({
  groups,
  aliases: {},
  channels: channels.map((ends) => channel(...ends)),
  spareSat: 0,
});

describe('the links of a network', () => {
  it('join the ends of every channel', () => {
    expect(
      linksOf(
        plan(
          [['a', 'b', 'c']],
          [
            ['a', 'b'],
            ['b', 'c'],
          ],
        ),
      ),
    ).toEqual([
      ['a', 'b'],
      ['b', 'c'],
    ]);
  });

  it('give everybody a peer in every other group, to tell it of channels', () => {
    const links = linksOf(
      plan(
        [['us'], ['hub', 'phone']],
        [
          ['us', 'hub'],
          ['hub', 'phone'],
        ],
      ),
    );
    expect(links).toContainEqual(['phone', 'us']);
    expect(links).toHaveLength(3);
  });

  it('are none but those of its channels for a wallet, which has nothing to tell', () => {
    const links = linksOf(
      plan(
        [['us'], ['hub', 'wallet']],
        [
          ['us', 'hub'],
          ['hub', 'wallet', true],
        ],
      ),
    );
    expect(links).toEqual([
      ['us', 'hub'],
      ['hub', 'wallet'],
    ]);
  });

  it('of the practice world are those of its channels: all but the wallet have one into the other worker', () => {
    expect(linksOf(WORLD)).toHaveLength(WORLD.channels.length);
  });
});
