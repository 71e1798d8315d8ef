/** Who has paid an invoice: no payee knows, a practice world tells it a moment later. */
/** @import { Invoice, PracticeMap } from '../../sdk/shapes.ts' */

/** @typedef {PracticeMap['paid'][number] & { invoice: Invoice, delayMs: number }} Found */

/** How long a payer is looked for. */
const PATIENCE_MS = 4_000;
/** Found payers come many in one answer: so late, all are shown as far from each other as they came about. */
const LATE_MS = 1_600;

/**
 * @param {(found: Found) => void} onFound
 * @param {(invoice: Invoice) => void} onGivenUp
 */
export function openIncoming(onFound, onGivenUp) {
  /** By payment hash. @type {Map<string, { invoice: Invoice, since: number }>} */
  const wanted = new Map();
  return {
    /** @param {Invoice} invoice */
    add(invoice) {
      wanted.set(invoice.payment_hash, { invoice, since: performance.now() });
    },
    isLooking: () => wanted.size > 0,
    /** @param {PracticeMap['paid']} paid */
    match(paid) {
      const now = performance.now();
      for (const each of paid) {
        const found = wanted.get(each.payment_hash);
        if (found === undefined) continue;
        wanted.delete(each.payment_hash);
        onFound({ ...each, invoice: found.invoice, delayMs: Math.max(0, LATE_MS - (now - found.since)) });
      }
      for (const [hash, { invoice, since }] of wanted) {
        if (now - since < PATIENCE_MS) continue;
        wanted.delete(hash);
        onGivenUp(invoice);
      }
    },
  };
}
