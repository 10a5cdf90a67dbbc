// ADR 0084
/** A person as another provider vouches for them. The issuer and the subject say who it is; the address is only news. */
export interface ForeignIdentity {
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | undefined;
  /** The provider vouches that the address is theirs. */
  readonly emailVerified: boolean;
  readonly name: string | undefined;
}

/** The secrets of a login that is under way at a provider. The browser that began it is the only one that can finish it. */
export interface ForeignChecks {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** The providers of identities that people may log in with, as the operator set them. */
export abstract class ForeignProviders {
  /** Their names in URLs, and for people. */
  abstract readonly all: readonly { readonly name: string; readonly label: string }[];

  /** The page of the provider to send the browser to. Throws `auth.provider-unavailable`, `auth.unknown-provider`. */
  abstract begin(name: string): Promise<{ readonly url: string; readonly checks: ForeignChecks }>;

  /** Reads the answer that the browser brought back. Throws `auth.foreign-login-failed`, `auth.provider-unavailable`. */
  abstract finish(name: string, answer: URLSearchParams, checks: ForeignChecks): Promise<ForeignIdentity>;
}
