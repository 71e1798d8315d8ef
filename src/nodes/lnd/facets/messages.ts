import { status } from '@grpc/grpc-js';
import type { Messages } from '../../facets.ts';
import { LndError } from '../call.ts';
import type { LndClient } from '../client.ts';
import { follow } from '../following.ts';
import { bytes, hex } from '../map.ts';
import { pubkeyOf } from './forms.ts';

const FIRST_TYPE = 32_768;
const LAST_TYPE = 65_535;
const LARGEST_BYTES = 65_533;

export const messages = ({ lightning }: LndClient): Messages => ({
  async send({ peer, type, data }) {
    if (!(Number.isInteger(type) && type >= FIRST_TYPE && type <= LAST_TYPE))
      throw new RangeError(`type ${type} of a message is not from ${FIRST_TYPE} to ${LAST_TYPE}`);
    if (bytes(data).length > LARGEST_BYTES)
      throw new RangeError(`a message has ${LARGEST_BYTES} bytes at most`);
    try {
      await lightning.sendCustomMessage({ peer: bytes(peer), type, data: bytes(data) });
      return { kind: 'sent' };
    } catch (error) {
      if (error instanceof LndError && error.code === status.NOT_FOUND) return { kind: 'not_connected' };
      throw error;
    }
  },
  subscribe: (deliver) =>
    follow({
      open: () => lightning.subscribeCustomMessages({}),
      up: () => deliver({ kind: 'listening' }),
      message: ({ peer, type, data }) =>
        deliver({ kind: 'message', peer: pubkeyOf(peer), type, data: hex(data) }),
    }),
});
