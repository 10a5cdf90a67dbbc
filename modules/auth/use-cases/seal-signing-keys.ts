import type { Logger } from '#platform/logger.ts';
import type { SigningKeys } from '../domain/signing-keys.ts';

/** Runs at every start: keys that were made before there was a secret do not stay readable in the database. */
export const sealSigningKeys = (keys: SigningKeys, logger: Logger) => async (): Promise<void> => {
  const sealed = await keys.sealClear();
  if (sealed > 0)
    logger.warn('Signing keys were stored in clear; they are sealed now. Earlier backups still hold them in clear.', {
      sealed,
    });
};
