// ADR 0090
/** The audit log: who did what to whom, from where, when, and with which outcome. */
import { type CallContext, currentContext } from './context.ts';
import { Failure } from './errors.ts';
import type { Transaction } from './transaction.ts';

/** An act as the use case tells of it. */
export interface Act {
  /** `auth.disable-account`: the module and what was done. */
  readonly act: `${string}.${string}`;
  /** The id of the person or thing that it was done to. */
  readonly target?: string | undefined;
  /** Facts beside it, such as the roles that were granted. Kept when a person is erased: no secret, and no personal data. */
  readonly details?: Readonly<Record<string, string | number | boolean | readonly string[]>> | undefined;
}

export interface AuditRecord extends Act {
  /** `refused`: it was tried and did not happen. */
  readonly outcome: 'done' | 'refused';
  /** The person who did it, where the request itself does not say yet, as while they log in. */
  readonly actor?: string | undefined;
}

/**
 * The record of acts in the module that was acted on. `add` joins the transaction under way: the record is stored when, and
 * only when, what it tells of is stored. It throws outside a transaction. Who, from where and when come from the context.
 */
export abstract class Audit {
  abstract add(record: AuditRecord): void;
}

/**
 * Does `work` in a transaction and records it there; a refusal is recorded by its code in a transaction of its own. What
 * failed for another reason is not recorded: nothing was decided.
 */
export const recordedActs =
  (transaction: Transaction, audit: Audit) =>
  async <T>(act: Act, work: () => Promise<T>): Promise<T> => {
    try {
      return await transaction(async () => {
        const result = await work();
        audit.add({ ...act, outcome: 'done' });
        return result;
      });
    } catch (error) {
      if (error instanceof Failure && error.kind !== 'internal' && error.kind !== 'unavailable') {
        const details = { ...act.details, reason: error.code };
        await transaction(async () => audit.add({ ...act, outcome: 'refused', details }));
      }
      throw error;
    }
  };

/** Kinds of who acts: a person, a machine with credentials of its own, somebody at the command line, the program by itself, or nobody known. */
export type ActorKind = 'person' | 'machine' | 'operator' | 'program' | 'nobody';

/** A record with what the context adds, as it is stored. */
export interface AuditEntry extends Omit<AuditRecord, 'actor'> {
  readonly actorKind: ActorKind;
  readonly actor: string | null;
  /** The application that acted for the person. */
  readonly application: string | null;
  readonly network: string | null;
  readonly userAgent: string | null;
  readonly requestId: string | null;
}

/** The network of a command at the machine itself. */
export const commandLine = 'command line';

export function entryOf(
  { actor: given, ...record }: AuditRecord,
  context: CallContext | undefined = currentContext(),
): AuditEntry {
  const { principal, origin, requestId = null } = context ?? {};
  const actor = given ?? principal?.userId ?? null;
  return {
    ...record,
    actorKind: principal && principal.application?.id === actor ? 'machine' : kindOf(actor, origin?.network),
    actor,
    application: principal?.application?.id ?? null,
    network: origin?.network ?? null,
    userAgent: origin?.userAgent ?? null,
    requestId,
  };
}

function kindOf(actor: string | null, network: string | undefined): ActorKind {
  if (actor !== null) return 'person';
  if (network === undefined) return 'program';
  return network === commandLine ? 'operator' : 'nobody';
}
