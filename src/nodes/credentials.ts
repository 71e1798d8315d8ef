/** What opens a daemon that runs elsewhere. A secret: never printed, never logged, at rest only sealed. */
export interface NodeCredentials {
  /** `HOST:PORT` of the daemon's gRPC. */
  readonly address: string;
  /**
   * PEM. The daemon must show one of them; two during a rotation. Empty: a certificate that a public authority vouches
   * for.
   */
  readonly certificates: readonly string[];
  /** Hex. */
  readonly macaroon: string;
}

export type ReadCredentials =
  | { readonly kind: 'credentials'; readonly credentials: NodeCredentials }
  /** `detail` says what is wrong, and repeats nothing of the text. */
  | { readonly kind: 'fault'; readonly detail: string };

/** Some of them, where the others stay as they are. */
export type CredentialChange = {
  readonly [Part in keyof NodeCredentials]?: NodeCredentials[Part] | undefined;
};

export type ReadChange =
  | { readonly kind: 'change'; readonly change: CredentialChange }
  | { readonly kind: 'fault'; readonly detail: string };
