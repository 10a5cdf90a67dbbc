/** How private keys and secrets of second factors are kept at rest. */
export interface KeySealing {
  /** `kid`, for a factor its account, is bound to the sealed text: it opens under no other. */
  seal(privateKey: string, kid: string): string;
  isSealed(stored: string): boolean;
  /** Undefined when it was sealed under another secret or tampered with. */
  open(stored: string, kid: string): string | undefined;
}
