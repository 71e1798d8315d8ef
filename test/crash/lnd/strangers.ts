/** Strangers with LND nodes of their own, over their REST gateway. Their nodes are killed as well: they ask again. */
import { decodeBolt11 } from '../../../src/lightning/bolt11.ts';
import { OutcomeUnknown, Unreachable } from '../../../src/sdk/index.ts';
import type { Network } from '../../nodes/net/network.ts';
import { type Rest, RestRefused } from '../../nodes/net/rest.ts';
import { EXPIRY_SECONDS, type People, type PersonPays } from '../people.ts';
import type { CrashName } from './network.ts';

/** For finding routes; what is on its way then is waited for. */
const TRY_SECONDS = 20;
const MAX_PARTS = 8;
const FEE_LIMIT_SAT = 50_000;

interface LndPayment {
  readonly status: string;
  readonly payment_preimage: string;
  readonly failure_reason: string;
}

export function lndStrangers(network: Network<CrashName>): People {
  return {
    async asks(person, amountMsat) {
      const body = { value_msat: amountMsat.toString(), expiry: String(EXPIRY_SECONDS) };
      const node = network.node(person as CrashName);
      const asked = node.rest<{ payment_request: string }>('POST', '/v1/invoices', body);
      // Of an invoice that nobody was given nobody pays anything.
      const { payment_request } = await asked.catch((error: unknown) => {
        throw new Unreachable(person, String(error), error);
      });
      return payment_request;
    },
    async pays(person, invoice): Promise<PersonPays> {
      const { rest } = network.node(person as CrashName);
      // The end of an earlier try is an answer as well: in parts it may come after minutes.
      const hash = Buffer.from(hashOf(invoice), 'hex').toString('base64url');
      // LND wants the padding, and Node leaves it out.
      const track = `/v2/router/track/${hash}=?no_inflight_updates=true`;
      const before = rest<LndPayment>('GET', track).catch(async (error: unknown) => {
        if (error instanceof RestRefused && /initiated/.test(error.message)) return null;
        if (isTimeout(error) && !(await hangs(rest, hashOf(invoice)))) return NEVER_SENT;
        throw error;
      });
      const send = () =>
        rest<LndPayment>('POST', '/v2/router/send', {
          payment_request: invoice,
          fee_limit_sat: String(FEE_LIMIT_SAT),
          timeout_seconds: TRY_SECONDS,
          max_parts: MAX_PARTS,
          no_inflight_updates: true,
        });
      return endOf(
        await before
          .then((known) => known ?? send())
          .catch((error: unknown) => {
            throw new OutcomeUnknown(`${person} did not hear: ${wordsOf(error)}`, { cause: error });
          }),
      );
    },
  };
}

/**
 * An LND that is killed between writing an attempt down and sending it takes it for being under way for ever: a minute later,
 * with no HTLC of it on any channel, it is none.
 */
const NEVER_SENT: LndPayment = { status: 'FAILED', payment_preimage: '', failure_reason: 'NEVER_SENT' };
const isTimeout = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';

async function hangs(rest: Rest, hash: string): Promise<boolean> {
  type Channels = { channels: { pending_htlcs: { hash_lock: string }[] }[] };
  const { channels } = await rest<Channels>('GET', '/v1/channels');
  const lock = Buffer.from(hash, 'hex').toString('base64');
  return channels.some(({ pending_htlcs }) => pending_htlcs.some(({ hash_lock }) => hash_lock === lock));
}

/** @throws OutcomeUnknown */
function endOf({ status, payment_preimage: preimage, failure_reason }: LndPayment): PersonPays {
  if (status === 'SUCCEEDED') return { kind: 'paid', preimage };
  if (status !== 'FAILED') throw new OutcomeUnknown(`the payment is ${status}`);
  const reason = failure_reason.replace('FAILURE_REASON_', '').toLowerCase();
  return {
    kind: 'failed',
    reason: reason === 'incorrect_payment_details' ? 'payee_refused' : reason,
    proven: true,
  };
}

function hashOf(invoice: string): string {
  const decoded = decodeBolt11(invoice);
  if (decoded.kind === 'fault') throw new Error(decoded.detail);
  return decoded.invoice.paymentHash;
}

const wordsOf = (error: unknown): string => (error instanceof RestRefused ? error.message : String(error));
