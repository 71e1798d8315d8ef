/** The SDK as the commands use it. */
import { type Argosy, createArgosy } from '../sdk/index.ts';
import type { Server } from './server.ts';

export type Client = Argosy;

/** Nothing is sent again unasked: there is a person to decide, who is told how. */
export const openClient = ({ api, key }: Server): Client => createArgosy({ api, key, retries: 0 });

/** For what runs by itself: asks again where that is safe, as programs that use the SDK do. */
export const openUnattended = ({ api, key }: Server): Client => createArgosy({ api, key });
