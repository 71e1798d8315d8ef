/** The one switch from what a node is to its driver. Drivers that are opened from the configuration join here. */
import type { NodeCredentials } from './credentials.ts';
import type { Journal } from './journal.ts';
import type { LdkHost } from './ldk/host.ts';
import { pinOf } from './lnd/certificate.ts';
import { checkLnd } from './lnd/check.ts';
import { connectLnd } from './lnd/client.ts';
import { openLnd } from './lnd/driver.ts';
import { readChange, readLndconnect, readParts } from './lnd/lndconnect.ts';
import type { MemoryNetwork } from './memory/network.ts';
import type { LightningNode } from './node.ts';

/** `ldk` and `memory` live in this process: their world has started them already. */
export type NodeSpec =
  | { readonly kind: 'ldk'; readonly host: LdkHost; readonly name: string }
  | { readonly kind: 'memory'; readonly network: MemoryNetwork; readonly name: string }
  | { readonly kind: 'lnd'; readonly credentials: NodeCredentials; readonly journal: Journal };

type Openers = {
  readonly [Kind in NodeSpec['kind']]: (spec: Extract<NodeSpec, { kind: Kind }>) => LightningNode;
};

const OPENERS: Openers = {
  ldk: ({ host, name }) => host.node(name),
  memory: ({ network, name }) => network.open(name),
  lnd: ({ credentials, journal }) => openLnd({ client: connectLnd(credentials), journal }),
};

export const openNode = <Kind extends NodeSpec['kind']>(
  spec: Extract<NodeSpec, { kind: Kind }>,
): LightningNode => OPENERS[spec.kind as Kind](spec);

/** An LND before it is opened: how its credentials are read, and what is looked at. */
export const lndDoor = { readUri: readLndconnect, readParts, readChange, check: checkLnd, pinOf };
