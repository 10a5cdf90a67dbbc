/** One thing that the OAuth server keeps between requests: a code, a refresh token, a grant, a browser's session with it. */
export interface KeptState {
  readonly payload: Readonly<Record<string, unknown>>;
  readonly consumedAt: Date | undefined;
}

export interface NewState {
  readonly payload: Readonly<Record<string, unknown>>;
  readonly expiresAt: Date;
  /** The session that it belongs to, and ends with. */
  readonly sessionId?: string | undefined;
  /** The account that it is about, and goes with. */
  readonly accountId?: string | undefined;
  /** Further names that it is found by. */
  readonly uid?: string | undefined;
  readonly userCode?: string | undefined;
}

/**
 * The state of the OAuth server, by its kind and an id. Ids are secrets for the most part (codes, tokens, cookies): none
 * of them, and neither `uid` nor `userCode`, is readable from what is stored.
 */
export abstract class OAuthState {
  /** Stores or replaces; what was consumed stays so. False, and nothing, when its session or its account is gone. */
  abstract put(kind: string, id: string, state: NewState): Promise<boolean>;

  /** Stores what may come once: false, and nothing, when it is there already. Of many at the same time one is stored. */
  abstract putOnce(kind: string, id: string, state: NewState): Promise<boolean>;

  /** Finds what has expired too, until it is pruned. */
  abstract find(kind: string, id: string): Promise<KeptState | undefined>;

  abstract findByUid(kind: string, uid: string): Promise<KeptState | undefined>;

  abstract findByUserCode(kind: string, userCode: string): Promise<KeptState | undefined>;

  /** Uses up what works once: false when it is used up already, or gone. Of many at the same time one is told true. */
  abstract consume(kind: string, id: string): Promise<boolean>;

  abstract remove(kind: string, id: string): Promise<void>;

  /** Deletes what has expired. */
  abstract prune(): Promise<void>;
}
