import { conformance } from '../conformance.ts';
import { memoryHarness } from './harness.ts';

conformance('the memory node', memoryHarness());
conformance(
  'the memory node with 30 ms of latency a message',
  memoryHarness((node) => node, 30),
);
