/** What hangs, settled, when a driver begins: it cannot have heard of that. */
import type { LndClient } from './client.ts';
import { htlcName, pendingOf, rememberForward, type Settled } from './hanging.ts';
import { lookUp, settledHtlcsOf } from './invoices.ts';
import { hex } from './map.ts';

/** No HTLC hangs for longer, in seconds: it expires. */
const LONGEST_S = 14 * 24 * 3600;
const PAGE = 10_000;

/** @param isOwn has a part of this hash been sent from here? */
export async function findHanging(
  client: LndClient,
  settled: Settled,
  isOwn: (hash: string) => boolean,
): Promise<void> {
  const { channels } = await client.lightning.listChannels({});
  const forwarded = new Set<string>();
  for (const { name, htlc } of pendingOf(channels)) {
    const hash = hex(htlc.hash_lock);
    const invoice = htlc.incoming ? await lookUp(client, hash) : null;
    for (const [key, amountMsat] of invoice === null ? [] : settledHtlcsOf(invoice)) {
      settled.incoming.set(key, amountMsat);
    }
    if (invoice === null && !isOwn(hash)) forwarded.add(name);
  }
  if (forwarded.size > 0) await findForwards(client, settled, forwarded);
}

async function findForwards(
  client: LndClient,
  settled: Settled,
  hanging: ReadonlySet<string>,
): Promise<void> {
  const start_time = Math.floor(Date.now() / 1000 - LONGEST_S).toString();
  for (let index_offset = 0; ; index_offset += PAGE) {
    const { forwarding_events: events } = await client.lightning.forwardingHistory({
      start_time,
      index_offset,
      num_max_events: PAGE,
    });
    for (const event of events) {
      const names = [
        htlcName(event.chan_id_in, event.incoming_htlc_id ?? ''),
        htlcName(event.chan_id_out, event.outgoing_htlc_id ?? ''),
      ];
      if (!names.some((name) => hanging.has(name))) continue;
      rememberForward(settled, event, BigInt(event.amt_in_msat), BigInt(event.amt_out_msat));
    }
    if (events.length < PAGE) return;
  }
}
