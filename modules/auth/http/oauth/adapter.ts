// ADR 0086
import type { Adapter, AdapterPayload, errors as Errors } from 'oidc-provider';
import type { Clock } from '#platform/clock.ts';
import { currentContext } from '#platform/context.ts';
import type { Applications } from '../../domain/applications.ts';
import type { Authorizations } from '../../domain/authorizations.ts';
import type { OAuthState } from '../../domain/oauth-state.ts';
import { clientOf } from './clients.ts';

export interface Stores {
  readonly state: OAuthState;
  readonly applications: Applications;
  readonly authorizations: Authorizations;
  readonly clock: Clock;
}

/** Kinds that belong to the session of a grant: they end with it. */
const ofGrant = new Set(['AuthorizationCode', 'DeviceCode', 'RefreshToken']);
/** Kinds that are found by other names than their id, and have to know it. The payload is sealed. */
const knowsItsId = new Set(['DeviceCode', 'Session']);

const refused = (errors: typeof Errors, reason: string) => new errors.InvalidGrant(reason);

/**
 * The storage of oidc-provider, in the module's own tables. The id of a grant is that of a session: whatever ends the session
 * ends the grant, its codes and its refresh tokens in the same statement, and all access tokens that name it.
 */
export const adapterOver =
  ({ state, applications, authorizations, clock }: Stores, errors: typeof Errors) =>
  (kind: string): Adapter => ({
    async upsert(id, payload, expiresIn) {
      const { jti: _, ...rest } = payload;
      const { accountId, session, grantId, uid, userCode } = payload as AdapterPayload & {
        session?: { accountId?: string };
      };
      const entry = {
        payload: knowsItsId.has(kind) ? payload : rest,
        expiresAt: new Date(clock.now().getTime() + (expiresIn ?? 0) * 1_000),
        sessionId: kind === 'Grant' ? id : ofGrant.has(kind) ? grantId : undefined,
        accountId: accountId ?? session?.accountId,
        uid: kind === 'Session' ? uid : undefined,
        userCode: kind === 'DeviceCode' ? userCode : undefined,
      };
      if (kind === 'ReplayDetection') {
        if (!(await state.putOnce(kind, id, entry))) throw refused(errors, 'this proof was used before');
        return;
      }
      if (!(await state.put(kind, id, entry))) throw refused(errors, 'the authorization has ended');
      const { network = null, userAgent = null } = currentContext()?.origin ?? {};
      if (kind === 'RefreshToken' && grantId !== undefined) await authorizations.use(grantId, { network, userAgent });
    },

    async find(id) {
      if (kind === 'Client') return clientOf(applications, id);
      const kept = await state.find(kind, id);
      return kept && { ...kept.payload, jti: id, ...consumed(kept.consumedAt) };
    },

    async findByUid(uid) {
      const kept = await state.findByUid(kind, uid);
      return kept && { ...kept.payload, ...consumed(kept.consumedAt) };
    },

    async findByUserCode(userCode) {
      const kept = await state.findByUserCode(kind, userCode);
      return kept && { ...kept.payload, ...consumed(kept.consumedAt) };
    },

    /** Who comes second loses the race, and the grant ends: nobody can tell who stole the code. */
    async consume(id) {
      if (await state.consume(kind, id)) return;
      const grantId = (await state.find(kind, id))?.payload.grantId as string | undefined;
      if (grantId !== undefined) await authorizations.end(grantId);
      throw refused(errors, 'it was used before');
    },

    async destroy(id) {
      if (kind === 'Grant') await authorizations.end(id);
      else await state.remove(kind, id);
    },

    revokeByGrantId: (grantId) => authorizations.end(grantId),
  });

const consumed = (at: Date | undefined) => (at ? { consumed: Math.floor(at.getTime() / 1_000) } : {});
