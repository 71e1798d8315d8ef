/** Writes the types of the .proto files: `npm run wire`. `proto.test.ts` tells when the two differ. */
import { readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import protobuf, { type Enum, type Field, type Method, type ReflectionObject, type Type } from 'protobufjs';

const SCALARS: Readonly<Record<string, string>> = { bool: 'boolean', bytes: 'Buffer', string: 'string' };
const NUMBERS = ['double', 'float', 'int32', 'uint32', 'sint32'];

/** From the name of a file, such as `lightning`, to its TypeScript. 64-bit numbers are decimal strings. */
export function generateTypes(folder: string): ReadonlyMap<string, string> {
  const files = readdirSync(folder).filter((file) => file.endsWith('.proto'));
  const root = new protobuf.Root();
  root.resolvePath = (_, target) => join(folder, basename(target));
  root.loadSync(files, { keepCase: true });
  root.resolveAll();
  return new Map(files.map((file) => [basename(file, '.proto'), typesOf(root, join(folder, file))]));
}

function typesOf(root: protobuf.Root, path: string): string {
  const spaces = root.nestedArray as protobuf.Namespace[];
  const own = spaces.flatMap((space) => space.nestedArray).filter((each) => each.filename === path);
  const imports = new Map<string, Set<string>>();
  const importFrom = (file: string, name: string) => {
    imports.set(file, (imports.get(file) ?? new Set()).add(name));
  };
  const refer = (type: Type | Enum): string => {
    if (fileOf(type) !== path) importFrom(`./${basename(fileOf(type), '.proto')}.ts`, nameOf(type));
    return nameOf(type);
  };
  const body = own.flatMap((each) => declare(each, refer)).join('\n\n');
  for (const kind of ['Duplex', 'Stream', 'Unary']) {
    if (body.includes(`${kind}<`)) importFrom('../call.ts', kind);
  }
  const head = [...imports]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([file, names]) => `import type { ${[...names].sort().join(', ')} } from '${file}';\n`);
  return `// Generated from ${basename(path)} by \`npm run wire\`.\n${head.join('')}\n${body}\n`;
}

/** `Channel_State` for what is declared inside of a message. */
function nameOf(type: ReflectionObject): string {
  const { parent } = type;
  return parent instanceof protobuf.Type ? `${nameOf(parent)}_${type.name}` : type.name;
}

const fileOf = (type: ReflectionObject): string =>
  type.parent instanceof protobuf.Type ? fileOf(type.parent) : (type.filename ?? '');

type Refer = (type: Type | Enum) => string;

function declare(object: ReflectionObject, refer: Refer): string[] {
  if (object instanceof protobuf.Service) return [declareService(object.name, object.methodsArray, refer)];
  if (object instanceof protobuf.Enum) {
    const names = Object.keys(object.values).map((name) => `\n  | '${name}'`);
    return [`export type ${nameOf(object)} =${names.join('')};`];
  }
  if (!(object instanceof protobuf.Type)) return [];
  const fields = object.fieldsArray.map((field) => `\n  ${declareField(field, refer)}`);
  const body =
    fields.length === 0
      ? `export type ${nameOf(object)} = Record<never, never>;`
      : `export interface ${nameOf(object)} {${fields.join('')}\n}`;
  return [body, ...object.nestedArray.flatMap((each) => declare(each, refer))];
}

function declareField(field: Field, refer: Refer): string {
  const type = field.resolvedType;
  const scalar = NUMBERS.includes(field.type) ? 'number' : (SCALARS[field.type] ?? 'string');
  const value = type === null ? scalar : refer(type);
  if (field instanceof protobuf.MapField) return `${field.name}: Record<string, ${value}>;`;
  if (field.repeated) return `${field.name}: ${value}[];`;
  if (field.partOf !== null) return `${field.name}?: ${value};`;
  return `${field.name}: ${value}${type instanceof protobuf.Type ? ' | null' : ''};`;
}

function declareService(name: string, methods: readonly Method[], refer: Refer): string {
  const lines = methods.map((method) => {
    const [ask, answer] = [method.resolvedRequestType, method.resolvedResponseType] as [Type, Type];
    const kind = method.requestStream ? 'Duplex' : method.responseStream ? 'Stream' : 'Unary';
    const verb = method.name.charAt(0).toLowerCase() + method.name.slice(1);
    return `\n  ${verb}: ${kind}<${refer(ask)}, ${refer(answer)}>;`;
  });
  return `export interface ${name} {${lines.join('')}\n}`;
}

if (process.argv[1] === import.meta.filename) {
  const folder = join(import.meta.dirname, 'proto');
  for (const [name, text] of generateTypes(folder)) writeFileSync(join(folder, `${name}.ts`), text);
}
