import type { Audit } from '#platform/audit.ts';
import type { Transaction } from '#platform/transaction.ts';
import type { Session, SessionOrigin, Sessions } from '../domain/sessions.ts';

/** Opens a session, which is what a login comes to, and records it; undefined where the account has changed meanwhile. */
export const openSession =
  (transaction: Transaction, sessions: Sessions, audit: Audit) =>
  (session: Session & SessionOrigin, passwordHash: string): Promise<{ refreshToken: string } | undefined> =>
    transaction(async () => {
      const opened = await sessions.open(session, passwordHash);
      const { accountId: id, amr: methods } = session;
      if (opened) audit.add({ act: 'auth.log-in', actor: id, target: id, outcome: 'done', details: { methods } });
      return opened;
    });
