/** What LDK tells of channels themselves becomes the node's own records and events. */
import { channelId } from '../../lightning/ids.ts';
import { fromSat, msat, sum } from '../../money/msat.ts';
import { ldk, toHex, unwrap } from './bindings.ts';
import { FEERATE_PER_KW } from './core.ts';
import { readChannel } from './facts.ts';
import type { NodeRecords } from './happenings.ts';
import { givenName } from './openings.ts';
import { readOnce } from './wallet_read.ts';

const FUNDING_SAT_PER_VB = 2;

/** What happens to channels themselves, from their funding to their last coin. */
export function handleChannelEvent(node: NodeRecords, event: ldk.Event): void {
  if (event instanceof ldk.Event_FundingGenerationReady) fund(node, event);
  else if (event instanceof ldk.Event_ChannelPending) begin(node, event);
  else if (event instanceof ldk.Event_ChannelReady) changed(node, event.channel_id);
  else if (event instanceof ldk.Event_ChannelClosed) finish(node, event);
  else if (event instanceof ldk.Event_SpendableOutputs) sweep(node, event);
  else if (event instanceof ldk.Event_DiscardFunding) node.openings.discard(toHex(event.channel_id.get_a()));
}

function begin(node: NodeRecords, event: ldk.Event_ChannelPending): void {
  const id = toHex(event.channel_id.get_a());
  const funding = node.openings.succeed(
    toHex(event.former_temporary_channel_id.get_a()),
    givenName(event.user_channel_id),
    id,
  );
  const details = node.core.channels
    .list_channels()
    .find((each) => toHex(each.get_channel_id().get_a()) === id);
  const facts = details === undefined ? null : readChannel(details);
  if (facts !== null) node.channels.open(facts, funding === null ? null : fromSat(funding.feeSat));
  changed(node, event.channel_id);
}

function finish(node: NodeRecords, event: ldk.Event_ChannelClosed): void {
  const id = toHex(event.channel_id.get_a());
  node.channels.close(id);
  const gone = event.reason instanceof ldk.ClosureReason_DisconnectedPeer;
  node.openings.fail(id, gone ? 'peer_offline' : 'peer_refused', event.reason.to_str());
  changed(node, event.channel_id);
}

const changed = (node: NodeRecords, id: ldk.ChannelId): void =>
  node.journal.append({ kind: 'channel_changed', channel: channelId(toHex(id.get_a())) });

function fund({ core, wallet, openings }: NodeRecords, event: ldk.Event_FundingGenerationReady): void {
  const { temporary_channel_id: id, counterparty_node_id: peer } = event;
  const built = wallet.pay({
    script: event.output_script,
    amountSat: event.channel_value_satoshis,
    feeRateSatPerVb: FUNDING_SAT_PER_VB,
  });
  if (built === null) {
    openings.fail(
      toHex(id.get_a()),
      'insufficient_funds',
      'the wallet holds too little: send coins to its address',
    );
    core.channels.force_close_without_broadcasting_txn(id, peer, 'no funds');
    return;
  }
  const costSat = event.channel_value_satoshis + built.feeSat;
  openings.funded(toHex(id.get_a()), { txid: built.txid, costSat, feeSat: built.feeSat });
  const result = core.channels.funding_transaction_generated(id, peer, built.raw);
  if (result.is_ok()) return;
  wallet.discard(built.txid);
  openings.fail(toHex(id.get_a()), 'peer_refused', 'LDK refused the funding transaction');
}

/** Coins of a closed channel come home to the wallet. */
function sweep({ core, wallet, channels, broadcast }: NodeRecords, event: ldk.Event_SpendableOutputs): void {
  const id = toHex(event.channel_id.get_a());
  // After a restart LDK tells them again.
  const fresh = event.outputs.filter((output) => !channels.hasTaken(nameOf(output)));
  if (fresh.length === 0) return;
  const spent = core.keys
    .as_OutputSpender()
    .spend_spendable_outputs(
      fresh,
      [],
      wallet.script(),
      FEERATE_PER_KW * 2,
      ldk.Option_u32Z.constructor_none(),
    );
  const valueMsat = fromSat(sum(fresh.map(valueSat)));
  channels.take(id, fresh.map(nameOf), spent.is_ok() ? valueMsat : 0n);
  // Too little to pay for its own way home.
  if (!spent.is_ok()) return;
  const raw = unwrap(spent, ldk.Result_TransactionNoneZ_OK, 'sweep');
  const { transaction, txid } = readOnce(raw);
  const amountMsat = fromSat(transaction.getOutput(0).amount ?? 0n);
  channels.sweep({ txid, amountMsat, feeMsat: msat(valueMsat - amountMsat) });
  broadcast(raw);
}

function nameOf(output: ldk.SpendableOutputDescriptor): string {
  const outpoint = output.spendable_outpoint();
  return `${toHex(outpoint.get_txid())}:${outpoint.get_index()}`;
}

function valueSat(descriptor: ldk.SpendableOutputDescriptor): bigint {
  if (descriptor instanceof ldk.SpendableOutputDescriptor_StaticOutput) return descriptor.output.value;
  if (descriptor instanceof ldk.SpendableOutputDescriptor_DelayedPaymentOutput)
    return descriptor.delayed_payment_output.get_output().value;
  if (descriptor instanceof ldk.SpendableOutputDescriptor_StaticPaymentOutput)
    return descriptor.static_payment_output.get_output().value;
  throw new Error(`LDK has an output of a kind that is new: ${descriptor.constructor.name}`);
}
