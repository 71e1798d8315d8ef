import type { Faults } from './faults.ts';
import { forwardHtlc } from './flights.ts';
import { releaseHeld } from './payee.ts';
import { type Ground, type NodeState, tellChanged } from './state.ts';

const OVER = new Set(['settled', 'cancelled']);

/** The switches of one node. */
export function switches(ground: Ground, node: NodeState): Faults {
  const { wire } = ground;
  const { faults } = node;
  const tellChannels = () => node.channels.forEach(tellChanged);
  return {
    kill() {
      faults.up = false;
      tellChannels();
    },
    start() {
      faults.up = true;
      tellChannels();
      for (const channel of node.channels) wire.unpark(channel);
      wire.drain();
      node.log.wake();
    },
    loseRequests(count, verb) {
      faults.lost.push({ verb: verb ?? null, what: 'request', left: count });
    },
    dropResponses(count, verb) {
      faults.lost.push({ verb: verb ?? null, what: 'response', left: count });
    },
    hangLostCalls(on) {
      faults.silent = on;
    },
    delayAnswers(ms) {
      faults.delayMs = ms;
    },
    holdPayments() {
      faults.holding = true;
    },
    releasePayments() {
      faults.holding = false;
      releaseHeld(ground, node);
    },
    stickForwards() {
      faults.sticking = true;
    },
    unstickForwards() {
      faults.sticking = false;
      const stuck = [...node.stuck];
      node.stuck.clear();
      for (const htlc of stuck) forwardHtlc(ground, htlc);
      wire.drain();
    },
    garbleFailures(on) {
      faults.garbling = on;
    },
    takeLatePayments(on) {
      faults.takingLate = on;
    },
    takeAgain(on) {
      faults.takingAgain = on;
    },
    lagBehindChain(on) {
      faults.synced = !on;
    },
    stopBlocks(on) {
      faults.stuckAt = on ? ground.height() : null;
    },
    forkChain(on) {
      faults.forkedAt = on ? ground.height() : null;
    },
    endStreams: (why) => node.log.end(new Error(`${node.name}: ${why}`)),
    forgetEvents: (cursor) => node.log.forget(cursor),
    deleteHistory() {
      for (const [token, status] of node.parts) if (status.kind !== 'in_flight') node.parts.delete(token);
      for (const [hash, { phase }] of node.invoices) if (OVER.has(phase)) node.invoices.delete(hash);
    },
  };
}
