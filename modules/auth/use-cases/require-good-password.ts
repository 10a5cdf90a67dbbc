import { AuthErrors } from '../contract.ts';
import type { Owner, PasswordRules } from '../domain/password-rules.ts';

/** Refuses a password that the rules object to; `field` is a JSON Pointer into the request. */
export function requireGoodPassword(rules: PasswordRules, password: string, owner: Owner, field: string): void {
  const objection = rules.objection(password, owner);
  if (objection) throw AuthErrors.weakPassword({ detail: objection, fields: [{ path: field, message: objection }] });
}
