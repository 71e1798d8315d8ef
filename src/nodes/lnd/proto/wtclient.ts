// Generated from wtclient.proto by `npm run wire`.
import type { Unary } from '../call.ts';

export interface WatchtowerClient {
  addTower: Unary<AddTowerRequest, AddTowerResponse>;
  removeTower: Unary<RemoveTowerRequest, RemoveTowerResponse>;
  listTowers: Unary<ListTowersRequest, ListTowersResponse>;
  stats: Unary<StatsRequest, StatsResponse>;
}

export interface AddTowerRequest {
  pubkey: Buffer;
  address: string;
}

export type AddTowerResponse = Record<never, never>;

export interface RemoveTowerRequest {
  pubkey: Buffer;
  address: string;
}

export type RemoveTowerResponse = Record<never, never>;

export interface ListTowersRequest {
  include_sessions: boolean;
  exclude_exhausted_sessions: boolean;
}

export interface ListTowersResponse {
  towers: Tower[];
}

export interface Tower {
  pubkey: Buffer;
  addresses: string[];
  session_info: TowerSessionInfo[];
}

export interface TowerSessionInfo {
  active_session_candidate: boolean;
  num_sessions: number;
  sessions: TowerSession[];
  policy_type: PolicyType;
}

export interface TowerSession {
  num_backups: number;
  num_pending_backups: number;
  max_backups: number;
  sweep_sat_per_vbyte: number;
  id: Buffer;
}

export type PolicyType =
  | 'LEGACY'
  | 'ANCHOR'
  | 'TAPROOT';

export type StatsRequest = Record<never, never>;

export interface StatsResponse {
  num_backups: number;
  num_pending_backups: number;
  num_failed_backups: number;
  num_sessions_acquired: number;
  num_sessions_exhausted: number;
}
