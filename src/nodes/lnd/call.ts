/** How LND is called: one connection, its certificates pinned, typed by the .proto files beside. */
import { createHash, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import {
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  Metadata,
  type MethodDefinition,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';
import { validUntil } from './macaroon.ts';

/** What may be left out of a request: everything. */
export type Ask<T> = T extends Buffer | string | number | boolean | null
  ? T
  : T extends readonly (infer Each)[]
    ? readonly Ask<Each>[]
    : { readonly [Key in keyof T]?: Ask<T[Key]> };

export interface CallOptions {
  /** ms until the call is given up. Default 30,000; streams: none. */
  readonly deadlineMs?: number;
  /** LND refuses the call if it comes later, by its own clock. ms since 1970; default: never. Not for streams. */
  readonly expiresAt?: number;
}

/** @throws LndError */
export type Unary<Request, Response> = (request: Ask<Request>, options?: CallOptions) => Promise<Response>;
export type Stream<Request, Response> = (request: Ask<Request>, options?: CallOptions) => Incoming<Response>;
export type Duplex<Request, Response> = () => Incoming<Response> & {
  write(message: Ask<Request>): void;
  /** Nothing more will be written; LND ends the stream once it has cleared up behind it. */
  end(): void;
};

/** Messages as they come; the iteration ends with the stream, throws when it fails, and cancels when it is left. */
export interface Incoming<Message> extends AsyncIterable<Message> {
  cancel(): void;
}

/** A call that LND refused or did not answer. `code` is gRPC's status. */
export class LndError extends Error {
  readonly code: status;
  constructor(method: string, cause: ServiceError) {
    super(`${method}: ${wordsOf(cause)}`);
    this.name = 'LndError';
    this.code = cause.code;
  }
}

/** grpc-js wraps what happened in words of its own; OpenSSL's are for who runs an authority. */
function wordsOf({ details, message }: ServiceError): string {
  const words = (details || message)
    .replace(/^No connection established\. Last error: (Error: )?/, '')
    .replace(/\.? Resolution note: ?$/, '');
  return /self-signed certificate|unable to (verify|get) |is not pinned/.test(words)
    ? 'it shows a certificate that is not pinned; if LND has a new one, `argosy node rotate` pins it'
    : words;
}

export interface LndAddress {
  /** HOST:PORT of the gRPC listener. */
  readonly address: string;
  /** PEM; the server must show one of these. Empty: any that a public authority vouches for. */
  readonly certificates: readonly string[];
  /** Hex. */
  readonly macaroon: string;
}

const DEADLINE_MS = 30_000;
const FILES = ['lightning', 'router', 'invoices', 'walletkit', 'chainnotifier', 'wtclient'];

let loaded: PackageDefinition | null = null;
const definitions = (): PackageDefinition => {
  loaded ??= loadSync(
    FILES.map((file) => `${file}.proto`),
    {
      includeDirs: [join(import.meta.dirname, 'proto')],
      keepCase: true,
      longs: String,
      enums: String,
      defaults: true,
      oneofs: false,
    },
  );
  return loaded;
};

/** SHA-256 of the certificate, as `openssl x509 -fingerprint -sha256` shows it: `AB:CD:...`. */
export const fingerprint = (pem: string): string => new X509Certificate(pem).fingerprint256;

/**
 * A certificate is trusted because it is there, whoever has signed it. Two of LND's own have the same name and no key
 * identifiers: looked up by name alone, the one would be taken for the forged issuer of the other.
 */
const BY_ITSELF = { allowPartialTrustChain: true };

/** The server is whoever has a pinned certificate, under whatever name it is reached. */
function channelCredentials({ certificates }: LndAddress): ChannelCredentials {
  const pins = new Set(certificates.map(fingerprint));
  if (pins.size === 0) return credentials.createSsl();
  return credentials.createFromSecureContext(createSecureContext({ ca: [...certificates], ...BY_ITSELF }), {
    checkServerIdentity: (_, { fingerprint256 }) =>
      pins.has(fingerprint256) ? undefined : new Error(`certificate ${fingerprint256} is not pinned`),
  });
}

/** What goes along with a call. */
type Credentials = (expiresAt?: number) => Metadata;

const credentialsOf =
  ({ macaroon }: LndAddress): Credentials =>
  (expiresAt) => {
    const metadata = new Metadata();
    metadata.set('macaroon', expiresAt === undefined ? macaroon : validUntil(macaroon, expiresAt));
    return metadata;
  };

export interface Connection {
  /** The calls of a service, such as `lnrpc.Lightning`; the shape is that of the generated types. */
  service<Service>(name: string): Service;
  close(): void;
}

export function connect(to: LndAddress): Connection {
  const client = new Client(to.address, channelCredentials(to), {
    'grpc.max_receive_message_length': 256 * 1024 * 1024,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 2_000,
    'grpc.keepalive_time_ms': 20_000,
    'grpc.keepalive_timeout_ms': 10_000,
    // TLS has no name for a server at a bare number; pinned, it needs none.
    ...(isIP(to.address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')) === 0
      ? {}
      : { 'grpc.ssl_target_name_override': 'lnd' }),
  });
  const show = credentialsOf(to);
  return {
    service<Service>(name: string): Service {
      const methods = Object.values(definitions()[name] as object) as MethodDefinition<object, object>[];
      const verbs = methods.map((method) => [
        (method.originalName ?? '') as string,
        callOf(client, method, show),
      ]);
      return Object.fromEntries(verbs) as Service;
    },
    close: () => client.close(),
  };
}

function callOf(client: Client, method: MethodDefinition<object, object>, show: Credentials): unknown {
  const { path, requestSerialize: to, responseDeserialize: from } = method;
  if (method.requestStream) {
    return () => {
      const call: ClientDuplexStream<object, object> = client.makeBidiStreamRequest(path, to, from, show());
      const write = (message: object) => call.write(message);
      return { ...incoming(path, call), write, end: () => call.end() };
    };
  }
  if (method.responseStream) {
    return (request: object, { deadlineMs }: CallOptions = {}) => {
      const deadline = deadlineMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + deadlineMs;
      return incoming(path, client.makeServerStreamRequest(path, to, from, request, show(), { deadline }));
    };
  }
  return (request: object, { deadlineMs = DEADLINE_MS, expiresAt }: CallOptions = {}) =>
    new Promise((resolve, reject) => {
      const deadline = Date.now() + deadlineMs;
      client.makeUnaryRequest(path, to, from, request, show(expiresAt), { deadline }, (error, response) => {
        if (error !== null) reject(new LndError(path, error));
        else resolve(response);
      });
    });
}

function incoming(path: string, call: ClientReadableStream<object>): Incoming<object> {
  // A stream that fails between two reads must not end the process.
  call.on('error', () => undefined);
  return {
    cancel: () => call.cancel(),
    async *[Symbol.asyncIterator]() {
      try {
        for await (const message of call) yield message as object;
      } catch (error) {
        throw new LndError(path, error as ServiceError);
      } finally {
        call.cancel();
      }
    },
  };
}

/** LND itself did not answer: nothing is known of the call. */
export const isAway = (error: unknown): boolean =>
  error instanceof LndError &&
  (error.code === status.UNAVAILABLE ||
    error.code === status.CANCELLED ||
    (isSlow(error) && !error.message.startsWith('/lnrpc.Lightning/OpenChannel')));

/** A call, or a stream that has a deadline, took too long. */
export const isSlow = ({ code }: LndError): boolean => code === status.DEADLINE_EXCEEDED;

/** True for a call that came too late, by LND's clock. */
export const isExpired = (error: unknown): boolean =>
  error instanceof LndError && /macaroon has expired|time-before/.test(error.message);

/** True for a refusal by macaroon: what is missing is in the message. */
export const isDenied = (error: unknown): error is LndError =>
  error instanceof LndError &&
  (error.code === status.PERMISSION_DENIED ||
    error.code === status.UNAUTHENTICATED ||
    /permission denied/.test(error.message));

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
