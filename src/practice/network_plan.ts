/** What a network is planned to be: who is there, and which channels there are. Pure. */
import type { ForwardingFee } from '../nodes/ldk/host.ts';

export type Fee = ForwardingFee;

export interface PlannedChannel<Name extends string> {
  readonly from: Name;
  readonly to: Name;
  readonly capacitySat: number;
  /** What the other side has at the start. */
  readonly pushSat: number;
  readonly fromFee: Fee;
  readonly toFee: Fee;
  /** Not announced: others learn of it from the hints of invoices. Default false. */
  readonly private?: boolean;
}

export interface NetworkPlan<Name extends string> {
  /** One worker a group; the nodes of a group share one graph. */
  readonly groups: readonly (readonly Name[])[];
  readonly aliases: Readonly<Record<Name, string>>;
  readonly channels: readonly PlannedChannel<Name>[];
  /** Coins that every wallet keeps besides its channels, in sat. */
  readonly spareSat: number;
}

export const announcedOf = <Name extends string>({ channels }: NetworkPlan<Name>): PlannedChannel<Name>[] =>
  channels.filter((channel) => channel.private !== true);

/** Who has a channel that everybody knows of. The others are wallets: they announce nothing. */
export function publicNames<Name extends string>(plan: NetworkPlan<Name>): ReadonlySet<Name> {
  return new Set(announcedOf(plan).flatMap(({ from, to }) => [from, to]));
}

/**
 * Peers: the two ends of each channel; and who has no peer in another group gets one there. Nodes of a group share
 * a graph, so none of them passes on what another has heard: each has to tell the other groups itself. Wallets have
 * nothing to tell.
 */
export function linksOf<Name extends string>(plan: NetworkPlan<Name>): [Name, Name][] {
  const { groups, channels } = plan;
  const known = publicNames(plan);
  const links = channels.map(({ from, to }): [Name, Name] => [from, to]);
  for (const group of groups)
    for (const other of groups)
      for (const name of group.filter((each) => known.has(each))) {
        const [first] = other;
        if (other === group || first === undefined || hasPeerIn(links, name, other)) continue;
        links.push([name, first]);
      }
  return links;
}

function hasPeerIn<Name>(links: readonly [Name, Name][], name: Name, group: readonly Name[]): boolean {
  return links.some(
    ([one, other]) => (one === name && group.includes(other)) || (other === name && group.includes(one)),
  );
}
