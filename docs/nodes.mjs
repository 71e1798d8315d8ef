// Writes the table of what each daemon can do into nodes.md: `npm run docs:nodes`. With --check it only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { KNOWN_FACETS } from '../src/nodes/conformance/known_facets.ts';
import { FACET_CATALOGUE } from '../src/nodes/facet_catalogue.ts';

const PAGE = new URL('nodes.md', import.meta.url);
const BEGIN = '<!-- begin of the facets: npm run docs:nodes -->\n';
const END = '<!-- end of the facets -->';
const DAEMONS = { lnd: 'LND', ldk: 'practice node', cln: 'Core Lightning', eclair: 'Eclair' };

const rows = Object.entries(FACET_CATALOGUE).map(([facet, { does, without, lndOption }]) => [
  `\`${facet}\``,
  does,
  ...Object.keys(DAEMONS).map((daemon) => {
    if (!KNOWN_FACETS[daemon].includes(facet)) return '–';
    return daemon === 'lnd' && lndOption ? `with \`${lndOption}\`` : 'yes';
  }),
  without,
]);
const head = ['facet', 'the node', ...Object.values(DAEMONS), 'without it'];
const table = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('');

const before = readFileSync(PAGE, 'utf8');
const [from, to] = [before.indexOf(BEGIN), before.indexOf(END)];
if (from < 0 || to < from) throw new Error('nodes.md has lost the marks between which the table stands');
const after = `${before.slice(0, from + BEGIN.length)}\n${table}\n${before.slice(to)}`;
if (process.argv.includes('--check')) process.exitCode = after === before ? 0 : 1;
else writeFileSync(PAGE, after);
