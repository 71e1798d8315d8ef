// Generated from chainnotifier.proto by `npm run wire`.
import type { Stream } from '../call.ts';

export interface ChainNotifier {
  registerBlockEpochNtfn: Stream<BlockEpoch, BlockEpoch>;
}

export interface BlockEpoch {
  hash: Buffer;
  height: number;
}
