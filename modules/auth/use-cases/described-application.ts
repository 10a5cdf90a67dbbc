import type { OutputOf } from '#platform/contract.ts';
import type { AuthApi } from '../contract.ts';
import type { Application } from '../domain/applications.ts';

/** An application as administrators see it. */
export const described = (application: Application): OutputOf<typeof AuthApi.getApplication> => {
  const { id, name, kind, redirectUris, postLogoutRedirectUris, backchannelLogoutUri, scopes, roles } = application;
  const { logo, createdAt, disabledAt } = application;
  return {
    applicationId: id,
    name,
    kind,
    redirectUris: [...redirectUris],
    postLogoutRedirectUris: [...postLogoutRedirectUris],
    ...(backchannelLogoutUri !== null && { backchannelLogoutUri }),
    scopes: [...scopes],
    roles: [...roles],
    ...(logo !== null && { logo }),
    createdAt: createdAt.toISOString(),
    disabled: disabledAt !== null,
  };
};
