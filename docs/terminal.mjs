/**
 * Draws docs/terminal.svg: starts `argosy up` for real, takes down what it writes, and stops it again.
 * Nothing is made up; only the invoice and the key are cut short.
 *
 *   npm run picture                              needs the port 7300
 *   npm run picture -- --listen 127.0.0.1:0
 */
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ARGOSY = fileURLToPath(new URL('../bin/argosy.js', import.meta.url));
const PICTURE = fileURLToPath(new URL('./terminal.svg', import.meta.url));
const LAST_WORDS = 'Ctrl-C stops it';
const PATIENCE_MS = 120_000;

const COLUMNS = 96;
const FONT_SIZE = 14;
const CELL = { width: 8.4, height: 20 };
const PADDING = 22;
const TITLE_BAR = 38;
const COLOURS = {
  31: '#ff7b72',
  32: '#7ee787',
  33: '#e3b341',
  36: '#79c0ff',
};
const INK = { text: '#e6edf3', dim: '#8b949e', back: '#0d1117', bar: '#161b22', border: '#30363d' };

/** What `argosy up` writes to stdout and stderr, in the order of its writing. */
async function takeDown(flags) {
  const folder = mkdtempSync(join(tmpdir(), 'argosy-picture-'));
  const file = join(folder, 'output');
  const output = openSync(file, 'a');
  const env = { ...process.env, FORCE_COLOR: '1', NO_COLOR: undefined, ARGOSY_DATA: undefined };
  const child = spawn(process.execPath, [ARGOSY, 'up', ...flags], {
    cwd: folder,
    env,
    stdio: ['ignore', output, output],
  });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  const written = () => readFileSync(file, 'utf8');
  const deadline = Date.now() + PATIENCE_MS;
  while (!written().includes(LAST_WORDS) && child.exitCode === null && Date.now() < deadline) await sleep(50);
  await sleep(50);
  const text = written();
  child.kill('SIGINT');
  await ended;
  closeSync(output);
  rmSync(folder, { recursive: true });
  if (!text.includes(LAST_WORDS)) throw new Error(`argosy up did not get ready:\n${text}`);
  return text.trimEnd().split('\n');
}

function shortened(lines) {
  return lines.map((line) =>
    line.replace(/(lnbcrt\w{12})\w+/, '$1…').replace(/(argosy_[0-9a-f]{4})[0-9a-f]+/, 'argosy_…'),
  );
}

const ESCAPE = String.fromCharCode(27);
/** Select graphic rendition: colour, weight. Source: ECMA-48. */
const SEQUENCE = new RegExp(`(${ESCAPE}\\[\\d*m)`);

/** A line with SGR sequences -> pieces of one style: `{ column, text, fill, bold }`. */
function pieces(line) {
  const found = [];
  let column = 0;
  let style = { fill: INK.text, bold: false };
  for (const token of line.split(SEQUENCE)) {
    if (token.startsWith(ESCAPE)) style = styled(style, Number(token.slice(2, -1)));
    else {
      for (const { 0: text, index } of token.matchAll(/\S+(?: \S+)*/g)) {
        found.push({ column: column + index, text, ...style });
      }
      column += token.length;
    }
  }
  return found;
}

function styled(style, code) {
  if (code === 1) return { ...style, bold: true };
  if (code === 2) return { ...style, fill: INK.dim };
  if (code === 22) return { fill: INK.text, bold: false };
  return { ...style, fill: COLOURS[code] ?? INK.text };
}

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const round = (value) => Number(value.toFixed(1));

/** Each piece stands on the grid and is as wide as its cells, whatever font the reader has. */
function drawPiece({ column, text, fill, bold }, row) {
  const x = round(PADDING + column * CELL.width);
  const y = TITLE_BAR + PADDING + row * CELL.height + FONT_SIZE - 2;
  const weight = bold ? ' font-weight="700"' : '';
  const length = round([...text].length * CELL.width);
  return `<text x="${x}" y="${y}" fill="${fill}"${weight} textLength="${length}">${escaped(text)}</text>`;
}

function draw(lines) {
  const width = Math.ceil(COLUMNS * CELL.width + 2 * PADDING);
  const height = TITLE_BAR + 2 * PADDING + lines.length * CELL.height;
  const dots = ['#ff5f57', '#febc2e', '#28c840'].map(
    (fill, index) => `<circle cx="${PADDING + 2 + index * 20}" cy="${TITLE_BAR / 2}" r="6" fill="${fill}"/>`,
  );
  const texts = lines.flatMap((line, row) => pieces(line).map((piece) => drawPiece(piece, row)));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title">
<title id="title">Terminal: argosy up starts a practice fleet of real Lightning nodes, pays 25,000 sat from the cheapest one, and proves the books.</title>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="10" fill="${INK.back}" stroke="${INK.border}"/>
<path d="M0.5 ${TITLE_BAR}V10.5a10 10 0 0 1 10-10H${width - 10.5}a10 10 0 0 1 10 10V${TITLE_BAR}Z" fill="${INK.bar}" stroke="${INK.border}"/>
${dots.join('\n')}
<text x="${width / 2}" y="${TITLE_BAR / 2 + 4}" fill="${INK.dim}" font-family="system-ui, sans-serif" font-size="13" text-anchor="middle">argosy up</text>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace" font-size="${FONT_SIZE}" xml:space="preserve">
${texts.join('\n')}
</g>
</svg>
`;
}

const lines = shortened(await takeDown(process.argv.slice(2)));
writeFileSync(PICTURE, draw([`${ESCAPE}[2m$${ESCAPE}[22m npx argosy up`, '', ...lines]));
