/** What is known of versions of LND. Sources: its release notes, lnd#NUMBER, and the disclosures of CVEs. Pure. */

/** @example [0, 21, 3] */
export type Version = readonly [number, number, number];

/** Earlier ones are refused. */
const LEAST: Version = [0, 19, 0];
const WHY_LEAST =
  'earlier ones lack calls that Argosy needs, and have published holes by which peers stop them or take their coins (replacement stalling; below 0.17 CVE-2024-38359)';

/** Faults that matter to who moves money with it, each with the version that mended it; newest last. */
const FAULTS: readonly { readonly mended: Version; readonly what: string }[] = [
  { mended: [0, 19, 2], what: 'it may not notice that an output was spent (lnd#9921)' },
  { mended: [0, 19, 3], what: 'after a force-close it can come to a standstill (lnd#10108)' },
  { mended: [0, 21, 2], what: 'a peer can make it use up its memory (lnd#10992)' },
  { mended: [0, 21, 3], what: 'peers can wear it down (lnd#11131)' },
  { mended: [0, 21, 3], what: 'opening channels by PSBT can block its wallet until a restart (lnd#11008)' },
];

export type VersionVerdict =
  | { readonly kind: 'good' }
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'refused'; readonly why: string }
  /** It is taken. `mended`: the version in which all of `faults` are gone. */
  | { readonly kind: 'faulty'; readonly faults: readonly string[]; readonly mended: string };

/** @param text as GetInfo tells it: `0.21.3-beta commit=v0.21.3-beta` */
export function judgeVersion(text: string): VersionVerdict {
  const version = parseVersion(text);
  if (version === null) return { kind: 'unreadable' };
  if (isBefore(version, LEAST))
    return { kind: 'refused', why: `${dotted(LEAST)} is the least: ${WHY_LEAST}` };
  const faults = FAULTS.filter(({ mended }) => isBefore(version, mended));
  const last = faults.at(-1);
  if (last === undefined) return { kind: 'good' };
  return { kind: 'faulty', faults: faults.map(({ what }) => what), mended: dotted(last.mended) };
}

function parseVersion(text: string): Version | null {
  const found = /^v?(\d{1,4})\.(\d{1,4})\.(\d{1,4})(?!\d)/.exec(text);
  return found === null ? null : [Number(found[1]), Number(found[2]), Number(found[3])];
}

const isBefore = (a: Version, b: Version): boolean => {
  const at = a.findIndex((number, index) => number !== b[index]);
  return at >= 0 && (a[at] ?? 0) < (b[at] ?? 0);
};

const dotted = (version: Version): string => version.join('.');
