/** Who may call, in the terms of OpenAPI: security schemes, and the requirement of each endpoint. */
import { type Endpoint, roleFor } from '#platform/endpoint.ts';
import type { JsonSchema } from '../../named-schemas.ts';

type Declared = Pick<Endpoint, 'access' | 'scope' | 'recentLogin'>;

/** `bearer` is the token of a login, whose requirement lists roles; `oauth` that of an application, with scopes. */
export function securitySchemes(scopes: Readonly<Record<string, string>>, publicUrl: string): JsonSchema {
  const tokenUrl = `${publicUrl}/oauth/token`;
  return {
    bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    ...(Object.keys(scopes).length > 0 && {
      oauth: {
        type: 'oauth2',
        flows: {
          authorizationCode: {
            authorizationUrl: `${publicUrl}/oauth/authorize`,
            tokenUrl,
            refreshUrl: tokenUrl,
            scopes,
          },
          clientCredentials: { tokenUrl, scopes },
        },
      },
    }),
  };
}

/** Any one of the requirements is enough; none for what anyone may call. */
export function securityOf({ access, scope }: Declared): JsonSchema[] {
  if (access === 'anyone') return [];
  const role = roleFor(access);
  return [{ bearer: role === undefined ? [] : [role] }, ...(scope === undefined ? [] : [{ oauth: [scope] }])];
}

/** The same in words. */
export function whoMay({ access, recentLogin }: Declared): string[] {
  const role = roleFor(access);
  return [
    ...(role === undefined ? [] : [role === 'admin' ? 'For administrators.' : `For people with the role \`${role}\`.`]),
    ...(recentLogin ? ['Takes a login within the last 15 minutes.'] : []),
  ];
}
