/** What a key may do. Every route names one; `*` is the owner's. */
export const PERMISSIONS = [
  'nodes:read',
  'nodes:write',
  'balances:read',
  'payments:read',
  'payments:write',
  'invoices:read',
  'invoices:write',
  'accounts:write',
  'channels:write',
  'coins:write',
  'books:read',
  'events:read',
  'practice:use',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

export interface Principal {
  readonly id: string;
  readonly name: string;
  readonly permissions: readonly string[];
}

export const may = (principal: Principal, permission: Permission): boolean =>
  principal.permissions.includes('*') || principal.permissions.includes(permission);
