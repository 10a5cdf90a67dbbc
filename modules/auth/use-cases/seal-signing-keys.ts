import type { Logger } from '#platform/logger.ts';
import type { SigningKeys } from '../domain/signing-keys.ts';

/** Runs at every start: keys that were made before there was a secret do not stay readable in the database. */
export const sealSigningKeys = (keys: SigningKeys, logger: Logger) => async (): Promise<void> => {
  const sealed = await keys.sealClear();
  if (sealed > 0) logger.warn('Signing keys lay in clear in the database; they are sealed now. Backups from before still hold them.', { sealed });
};
