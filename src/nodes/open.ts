/** The one switch from what a node is to its driver. Drivers that are opened from the configuration join here. */
import type { LdkHost } from './ldk/host.ts';
import type { MemoryNetwork } from './memory/network.ts';
import type { LightningNode } from './node.ts';

/** Both kinds so far live in this process: their world has started them already. */
export type NodeSpec =
  | { readonly kind: 'ldk'; readonly host: LdkHost; readonly name: string }
  | { readonly kind: 'memory'; readonly network: MemoryNetwork; readonly name: string };

type Openers = {
  readonly [Kind in NodeSpec['kind']]: (spec: Extract<NodeSpec, { kind: Kind }>) => LightningNode;
};

const OPENERS: Openers = {
  ldk: ({ host, name }) => host.node(name),
  memory: ({ network, name }) => network.open(name),
};

export const openNode = <Kind extends NodeSpec['kind']>(
  spec: Extract<NodeSpec, { kind: Kind }>,
): LightningNode => OPENERS[spec.kind as Kind](spec);
