import { callbackify } from 'node:util';
import pg from 'pg';
import { processOf } from '../library-internals/pg-process.ts';
import { settingStatement, type SessionSettings } from './session-settings.ts';

export interface SessionConfig extends pg.ClientConfig {
  /** Made of `moduleSettings` or `toolSettings`. */
  readonly settings: SessionSettings;
}

/**
 * A connection of ours; make every one here and none with the driver's own class. It sets what a session needs when it has
 * connected, and not with startup parameters, which poolers refuse. One that cannot be set is not used.
 */
export class Session extends pg.Client {
  readonly #settings: SessionSettings;
  /** As whom the server knows it; a pooler may know it by a longer name, or enter as somebody else. */
  role: string | undefined;
  /** A pooler is between: it makes up the number by which statements are cancelled. */
  pooled = false;

  constructor(config: SessionConfig) {
    super(config);
    this.#settings = config.settings;
    // The pool listens only once it has the connection: one that is lost just before that must not end the program.
    this.on('error', () => {});
  }

  // The pool calls it with a callback, everybody else awaits it.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  override connect(callback?: (...outcome: any[]) => void): any {
    return callback ? callbackify(() => this.#open())(callback) : this.#open();
  }

  async #open(): Promise<void> {
    await super.connect();
    try {
      const { rows } = await this.query(
        `${settingStatement(this.#settings)}, current_user AS session_role, pg_backend_pid() AS session_process`,
      );
      this.role = rows[0].session_role;
      this.pooled = rows[0].session_process !== processOf(this);
    } catch (error) {
      void this.end().catch(() => {});
      throw error;
    }
  }
}
