/** Calls on behalf of a person: another module passes on whom it acts for, and only who asks can be that person. */
import type { Principal } from '#platform/context.ts';
import type { Operation } from '#platform/contract.ts';
import { platformErrors } from '#platform/errors.ts';

/** Throws `platform.forbidden` where the input of an operation names another person than the one who asks. */
export function requirePerson(
  { actsFor, module, name }: Operation,
  input: unknown,
  principal: Principal | undefined,
): void {
  if (actsFor === undefined || actsFor === null) return;
  if (principal !== undefined && (input as Record<string, unknown>)[actsFor] === principal.userId) return;
  throw platformErrors.forbidden(`${module}.${name} acts only for the person who asks.`);
}
