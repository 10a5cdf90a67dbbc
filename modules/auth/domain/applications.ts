import type { z } from 'zod';
import type { ApplicationKind as ApplicationKindSchema } from '../contract.ts';
import type { Role } from './account.ts';

export type ApplicationKind = z.output<typeof ApplicationKindSchema>;

/** An OAuth client. A machine acts as itself and has roles of its own; the others act for persons, with theirs. */
export interface Application {
  /** Its `client_id` too. */
  readonly id: string;
  readonly name: string;
  readonly kind: ApplicationKind;
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  readonly backchannelLogoutUri: string | null;
  /** The scopes of the API that it may ask for. */
  readonly scopes: readonly string[];
  readonly roles: readonly Role[];
  /** A picture as a data URL: showing it asks no foreign server for anything. */
  readonly logo: string | null;
  readonly createdAt: Date;
  readonly disabledAt: Date | null;
}

/** A secret that an application authenticates with: 256 random bits, of which nothing but a hash is stored. */
export interface ApplicationSecret {
  readonly hash: Buffer;
  readonly expiresAt: Date | null;
}

export abstract class Applications {
  abstract add(application: Application): Promise<void>;

  abstract find(id: string): Promise<Application | undefined>;

  /** The oldest first, at most `limit` of those after `after`: ids rise with time. */
  abstract list(page: { after?: string | undefined; limit: number }): Promise<Application[]>;

  /**
   * Stores what it is now; false when there is none. Whatever it holds ends when it is disabled, and the tokens of a machine
   * when its roles change.
   */
  abstract replace(application: Application): Promise<boolean>;

  /** Removes it, its secrets, the consents and all sessions that it holds, together; false when there is none. */
  abstract remove(id: string): Promise<boolean>;

  /** Adds a secret. Those before it work until `othersUntil` at most. False when there is no such application. */
  abstract addSecret(id: string, hash: Buffer, at: Date, othersUntil: Date): Promise<boolean>;

  /** The secrets that work now, the newest first. */
  abstract secrets(id: string): Promise<ApplicationSecret[]>;

  /** Deletes secrets that have expired. */
  abstract prune(): Promise<void>;
}
