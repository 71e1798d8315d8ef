/** The API as this page uses it: single answers, and the stream of events. */
/** @import { ArgosyEvent } from '../../sdk/shapes.ts' */

const ANSWER_MS = 15_000;
/** The server says something every 15 s: after so long the connection is dead, whatever the system thinks. */
const SILENCE_MS = 40_000;

/** Argosy says no, with a problem document. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {{ code?: string, title?: string, detail?: string } | null} problem
   */
  constructor(status, problem) {
    super(problem?.detail ?? problem?.title ?? `The server answered ${status}.`);
    this.status = status;
    this.code = problem?.code ?? '';
  }
}

const headersOf = (/** @type {string} */ key) => ({ authorization: `Bearer ${key}` });

/**
 * @template T
 * @param {string} key
 * @param {string} path
 * @returns {Promise<T>}
 * @throws Refused; whatever fetch throws
 */
export async function ask(key, path) {
  const response = await fetch(path, { headers: headersOf(key), signal: AbortSignal.timeout(ANSWER_MS) });
  if (!response.ok) throw await refusal(response);
  return response.json();
}

const refusal = async (/** @type {Response} */ response) =>
  new Refused(response.status, await response.json().catch(() => null));

/**
 * One connection, until it breaks. The first message may only say where the stream begins.
 * @param {string} key
 * @param {string | null} last the id of the last event that is known; null: from now on
 * @param {() => void} onLive once it is open
 * @returns {AsyncGenerator<{ id: string, event: Omit<ArgosyEvent, 'id'> | null }, void, undefined>}
 */
export async function* readEvents(key, last, onLive) {
  const link = new AbortController();
  let silence = setTimeout(() => link.abort(), SILENCE_MS);
  try {
    const headers = { ...headersOf(key), ...(last === null ? {} : { 'last-event-id': last }) };
    const response = await fetch('/v1/events', { headers, signal: link.signal });
    if (!response.ok || response.body === null) throw await refusal(response);
    onLive();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let rest = ''; ; ) {
      const { value, done } = await reader.read();
      if (done) return;
      clearTimeout(silence);
      silence = setTimeout(() => link.abort(), SILENCE_MS);
      const blocks = (rest + value).split('\n\n');
      rest = blocks.pop() ?? '';
      yield* blocks.map(readBlock).filter((message) => message !== null);
    }
  } finally {
    clearTimeout(silence);
    link.abort();
  }
}

/** @param {string} block */
function readBlock(block) {
  const id = /^id: (.*)$/m.exec(block)?.[1];
  const data = /^data: (.*)$/m.exec(block)?.[1];
  return id === undefined ? null : { id, event: data === undefined ? null : JSON.parse(data) };
}
