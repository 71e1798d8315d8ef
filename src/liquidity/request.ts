/** What is asked for, checked: pure, and each refusal names its field and the way out. */
import { Problem } from '../kit/problems.ts';
import { ADDRESS_PREFIX, checkAddress } from '../lightning/address.ts';
import { type ChannelId, type Network, type NodePubkey, nodePubkey } from '../lightning/ids.ts';
import { formatSat, fromSat, MSAT_PER_SAT, type Msat } from '../money/msat.ts';
import { amountField } from '../payments/request.ts';
import type { ChainTerms } from './order.ts';

/** Nodes open nothing smaller. */
const LEAST_CAPACITY = fromSat(20_000n);
/** What is less is dust to some of the addresses there are, and is not passed on. Source: Bitcoin Core, policy.cpp. */
const LEAST_SEND = fromSat(546n);

/** As it comes over the wire: amounts are decimal strings of msat. */
export interface OpenRequest {
  readonly peer: string;
  readonly host?: string | undefined;
  readonly capacity_msat: string;
  readonly private: boolean;
  readonly fee_rate_sat_per_vb?: number | undefined;
}
export interface SendRequest {
  readonly address: string;
  readonly amount_msat: string;
  readonly fee_rate_sat_per_vb?: number | undefined;
}

/** @throws Problem */
export function readOpen(request: OpenRequest): ChainTerms {
  return {
    kind: 'open',
    peer: readPeer(request.peer),
    host: request.host ?? null,
    capacityMsat: wholeSat('capacity_msat', request.capacity_msat, LEAST_CAPACITY),
    private: request.private,
    feeRateSatPerVb: request.fee_rate_sat_per_vb ?? null,
  };
}

/** @throws Problem */
export function readSend(request: SendRequest, network: Network): ChainTerms {
  const { address } = request;
  const checked = checkAddress(address, network);
  if (checked !== 'good') {
    const begins = `addresses of ${network} begin with ${ADDRESS_PREFIX[network]}`;
    throw checked === 'malformed'
      ? new Problem('address_malformed', `address: it is none, or damaged; copy it again (${begins}).`, {
          field: 'address',
        })
      : new Problem('address_wrong_network', `address: it is of another network; ${begins}.`, {
          field: 'address',
        });
  }
  return {
    kind: 'send',
    address,
    amountMsat: wholeSat('amount_msat', request.amount_msat, LEAST_SEND),
    feeRateSatPerVb: request.fee_rate_sat_per_vb ?? null,
  };
}

/**
 * @param known the node's channels, if they have been read; else the node itself will say
 * @throws Problem
 */
export function readClose(channel: ChannelId, force: boolean, known: readonly ChannelId[]): ChainTerms {
  if (known.length === 0 || known.includes(channel)) return { kind: 'close', channel, force };
  throw new Problem(
    'channel_unknown',
    'channel: the node has no such channel open; `argosy nodes --json` lists the ids.',
    { field: 'channel' },
  );
}

function readPeer(text: string): NodePubkey {
  try {
    return nodePubkey(text);
  } catch {
    throw new Problem(
      'peer_malformed',
      'peer: must be the public key of a node, 66 hex digits; where it is reached goes into host.',
      { field: 'peer' },
    );
  }
}

function wholeSat(field: string, text: string, least: Msat): Msat {
  const amount = amountField(field, text);
  if (amount % MSAT_PER_SAT === 0n && amount >= least) return amount;
  throw new Problem(
    'amount_not_for_chain',
    `${field}: on the chain there are whole sat, here ${formatSat(least)} or more; give a multiple of 1000 msat.`,
    { field },
  );
}
