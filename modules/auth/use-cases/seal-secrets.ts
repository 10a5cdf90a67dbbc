import type { Logger } from '#platform/logger.ts';
import type { SigningKeys } from '../domain/signing-keys.ts';
import type { TotpSecrets } from '../domain/totp-secrets.ts';

/** Runs at every start: what was stored before there was a secret to seal it with does not stay readable in the database. */
export const sealSecrets = (keys: SigningKeys, totps: TotpSecrets, logger: Logger) => async (): Promise<void> => {
  const stores = { 'Signing keys': keys, 'Secrets of authenticator apps': totps };
  for (const [what, store] of Object.entries(stores)) {
    const sealed = await store.sealClear();
    if (sealed > 0)
      logger.warn(`${what} were stored in clear; they are sealed now. Earlier backups still hold them in clear.`, {
        sealed,
      });
  }
};
