/** `/v1/events`: the outbox as server-sent events, resumable by `Last-Event-ID`. */
import { z } from '@hono/zod-openapi';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import type { Guarded } from '../access/http.ts';
import type { Db } from '../kit/db.ts';
import type { Api } from '../kit/http.ts';
import type { Publisher } from '../kit/outbox.ts';
import { lastEventId, readEvents } from '../kit/outbox-store.ts';
import { Problem } from '../kit/problems.ts';
import { oldestEventId } from '../kit/retention-store.ts';

const BATCH = 200;
const HEARTBEAT_MS = 15_000;

/** The `data` of a server-sent event, as JSON. */
export const eventSchema = z
  .object({
    type: z.string().openapi({ example: 'payment.settled' }),
    subject: z
      .string()
      .openapi({ example: 'pay_01jd3v5q8r0000000000000000', description: 'what it is about' }),
    at: z.iso.datetime(),
    data: z.record(z.string(), z.unknown()).openapi({ description: 'the object as the API shows it' }),
  })
  .openapi('Event');

export function eventRoutes(api: Api, guarded: Guarded, db: Db, publisher: Publisher): void {
  api.openapi(
    guarded('events:read', {
      method: 'get',
      path: '/v1/events',
      summary: 'Events as they happen: payment.*, invoice.*, alarm',
      description:
        'Server-sent events. `id` is gapless; send the last one seen as `Last-Event-ID` to go on after it ("0" for all). Without it the stream begins now, and says first where that is, as an `id` without data.',
      request: {
        headers: z.object({
          'last-event-id': z.string().optional().openapi({ example: '1042' }),
        }),
      },
      responses: {
        200: {
          description: 'The stream; `data` of each is an Event',
          content: { 'text/event-stream': { schema: eventSchema } },
        },
      },
    }),
    async (c) => {
      const asked = c.req.header('last-event-id');
      const after = await placeOf(db, asked);
      if (c.req.raw.method === 'HEAD') return c.body(null); // nobody would read the stream, or end it
      return streamSSE(
        c,
        async (stream) => {
          // Whoever is cut off before the first event goes on from here.
          if (asked === undefined) await stream.write(`id: ${after}\n\n`);
          await pour(stream, db, publisher, after);
        },
        endQuietly,
      );
    },
  );
}

/** After which event the stream begins. @throws Problem cursor_invalid */
async function placeOf(db: Db, asked: string | undefined): Promise<bigint> {
  const refuse = (why: string): Problem =>
    new Problem('cursor_invalid', `Last-Event-ID: ${why}`, { field: 'Last-Event-ID' });
  if (asked !== undefined && !/^\d{1,18}$/.test(asked))
    throw refuse('use the id of an event of this stream.');
  const newest = await lastEventId(db);
  const after = asked === undefined ? newest : BigInt(asked);
  // Of another database, as after a new start of a practice world: its follower would wait in vain.
  if (after > newest)
    throw refuse('no event has had this id yet; leave it out to begin now, or send 0 for all.');
  if (after === 0n || after === newest) return after;
  const oldest = (await oldestEventId(db)) ?? newest + 1n;
  if (after < oldest - 1n)
    throw refuse(
      `events before ${oldest} are kept no longer; send 0 for all that are kept, and look up what you follow.`,
    );
  return after;
}

/** The database went away: whoever listens comes again, with the id of the last event. */
const endQuietly = async (): Promise<void> => undefined;

async function pour(stream: SSEStreamingApi, db: Db, publisher: Publisher, after: bigint): Promise<void> {
  let last = after;
  let wake = () => {};
  const unsubscribe = publisher.onPublished(() => wake());
  stream.onAbort(() => {
    unsubscribe();
    wake();
  });
  try {
    while (!stream.aborted) {
      const news = new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(false), HEARTBEAT_MS);
        wake = () => {
          clearTimeout(timer);
          resolve(true);
        };
      });
      const events = await readEvents(db, last, BATCH);
      for (const { id, type, subject, data, at } of events) {
        const body: z.infer<typeof eventSchema> = {
          type,
          subject,
          at: new Date(at).toISOString(),
          data: { ...data },
        };
        await stream.writeSSE({ id: id.toString(), event: type, data: JSON.stringify(body) });
        last = id;
      }
      if (events.length === BATCH) wake();
      else if (!(await news)) await stream.write(': still here\n\n');
    }
  } finally {
    unsubscribe();
    wake();
  }
}
