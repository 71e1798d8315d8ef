/** Our .proto files are LND's in what they have: names, numbers, types. Compared where Go has brought its module. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import protobuf from 'protobufjs';
import { expect, it } from 'vitest';

const OURS = join(import.meta.dirname, '../../src/nodes/lnd/proto');
const THEIRS = [
  'lightning.proto',
  'stateservice.proto',
  'routerrpc/router.proto',
  'invoicesrpc/invoices.proto',
  'walletrpc/walletkit.proto',
  'wtclientrpc/wtclient.proto',
  'chainrpc/chainnotifier.proto',
];

function moduleFolder(): string | null {
  const pin = readFileSync(join(import.meta.dirname, 'daemons/go.mod'), 'utf8');
  const version = /lightningnetwork\/lnd (v[\w.-]+)/.exec(pin)?.[1];
  try {
    const cache = execFileSync('go', ['env', 'GOMODCACHE'], { encoding: 'utf8' }).trim();
    const folder = join(cache, `github.com/lightningnetwork/lnd@${version}`, 'lnrpc');
    return existsSync(folder) ? folder : null;
  } catch {
    return null;
  }
}

function load(folder: string, files: readonly string[], flat: boolean): protobuf.Root {
  const root = new protobuf.Root();
  root.resolvePath = (_, target) => join(folder, flat ? basename(target) : target);
  root.loadSync([...files], { keepCase: true });
  root.resolveAll();
  return root;
}

/** `.lnrpc.Invoice.memo` and what it is, for every field, value and call. */
function tell(object: protobuf.ReflectionObject): [string, string][] {
  if (object instanceof protobuf.Type) {
    const fields = object.fieldsArray.map((field): [string, string] => [
      field.fullName,
      `${field.repeated ? 'repeated ' : ''}${field.resolvedType?.fullName ?? field.type} = ${field.id}`,
    ]);
    return [...fields, ...object.nestedArray.flatMap(tell)];
  }
  if (object instanceof protobuf.Enum) {
    return Object.entries(object.values).map(([name, value]) => [`${object.fullName}.${name}`, `${value}`]);
  }
  if (object instanceof protobuf.Service) {
    return object.methodsArray.map((method) => [
      method.fullName,
      `${method.requestStream} ${method.resolvedRequestType?.fullName} ${method.responseStream} ${method.resolvedResponseType?.fullName}`,
    ]);
  }
  return object instanceof protobuf.Namespace ? object.nestedArray.flatMap(tell) : [];
}

const folder = moduleFolder();

it.skipIf(folder === null)("say what LND's own say (brought by .ci/daemons)", () => {
  if (folder === null) return;
  const files = readdirSync(OURS).filter((file) => file.endsWith('.proto'));
  const theirs = new Map(tell(load(folder, THEIRS, false)));
  const ours = tell(load(OURS, files, true));
  expect(ours.length).toBeGreaterThan(300);
  expect(ours.filter(([name, what]) => theirs.get(name) !== what)).toEqual([]);
});
