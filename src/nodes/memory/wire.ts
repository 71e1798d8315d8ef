/** Messages between the two ends of channels. */
import { type ChannelState, isActive } from './state.ts';
import type { Time } from './time.ts';

export interface Wire {
  /** Runs `run` at the far end: at once after the current step, or later by the latency. Waits while the ends cannot meet. */
  cross(channel: ChannelState, run: () => void): void;
  /** Carries out all messages that are due. Every entry into the network ends with this. */
  drain(): void;
  /** Sends what has waited for the two ends to meet again. */
  unpark(channel: ChannelState): void;
}

export function wire(time: Time, latencyMs: () => number): Wire {
  let queue: (() => void)[] = [];
  let draining = false;

  const drain = () => {
    if (draining) return;
    draining = true;
    try {
      // Every message carries an HTLC one channel on or back, so that they come to an end.
      while (queue.length > 0) {
        const due = queue;
        queue = [];
        for (const run of due) run();
      }
    } finally {
      draining = false;
    }
  };

  const cross = (channel: ChannelState, run: () => void): void => {
    const arrive = () => {
      if (isActive(channel)) run();
      else channel.parked.push(run);
    };
    const latency = latencyMs();
    if (latency <= 0) queue.push(arrive);
    else {
      time.after(latency, () => {
        arrive();
        drain();
      });
    }
  };

  return {
    cross,
    drain,
    unpark(channel) {
      if (!isActive(channel)) return;
      const waiting = channel.parked;
      channel.parked = [];
      for (const run of waiting) cross(channel, run);
    },
  };
}
