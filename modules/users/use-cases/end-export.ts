import type { Handler } from '#platform/contract.ts';
import type { UsersApi } from '../contract.ts';
import type { Exports } from '../domain/exports.ts';

export function endExport(exports: Exports): Handler<typeof UsersApi, 'endExport'> {
  return async ({ userId, exportId }) => {
    await exports.end(userId, exportId);
    return {};
  };
}
