// Generated from walletkit.proto by `npm run wire`.
import type { Unary } from '../call.ts';
import type { OutPoint } from './lightning.ts';

export interface WalletKit {
  listLeases: Unary<ListLeasesRequest, ListLeasesResponse>;
  releaseOutput: Unary<ReleaseOutputRequest, ReleaseOutputResponse>;
  fundPsbt: Unary<FundPsbtRequest, FundPsbtResponse>;
  finalizePsbt: Unary<FinalizePsbtRequest, FinalizePsbtResponse>;
  publishTransaction: Unary<Transaction, PublishResponse>;
}

export interface FundPsbtRequest {
  psbt?: Buffer;
  raw?: TxTemplate;
  target_conf?: number;
  sat_per_vbyte?: string;
  account: string;
  min_confs: number;
  spend_unconfirmed: boolean;
  change_type: ChangeAddressType;
}

export interface TxTemplate {
  inputs: OutPoint[];
  outputs: Record<string, string>;
}

export type ChangeAddressType =
  | 'CHANGE_ADDRESS_TYPE_UNSPECIFIED'
  | 'CHANGE_ADDRESS_TYPE_P2TR';

export interface FundPsbtResponse {
  funded_psbt: Buffer;
  change_output_index: number;
  locked_utxos: UtxoLease[];
}

export interface UtxoLease {
  id: Buffer;
  outpoint: OutPoint | null;
  expiration: string;
  pk_script: Buffer;
  value: string;
}

export type ListLeasesRequest = Record<never, never>;

export interface ListLeasesResponse {
  locked_utxos: UtxoLease[];
}

export interface ReleaseOutputRequest {
  id: Buffer;
  outpoint: OutPoint | null;
}

export type ReleaseOutputResponse = Record<never, never>;

export interface FinalizePsbtRequest {
  funded_psbt: Buffer;
  account: string;
}

export interface FinalizePsbtResponse {
  signed_psbt: Buffer;
  raw_final_tx: Buffer;
}

export interface Transaction {
  tx_hex: Buffer;
  label: string;
}

export interface PublishResponse {
  publish_error: string;
}
