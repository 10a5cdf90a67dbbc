// ADR 0086
import { createHash } from 'node:crypto';
import type { AdapterPayload } from 'oidc-provider';
import type { Application, Applications } from '../../domain/applications.ts';
import { isNative } from '../../domain/redirect-uri.ts';

/** Scopes about the person, which any application may ask for. */
export const personalScopes = ['openid', 'profile', 'email', 'offline_access'];

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const grantTypes = {
  public: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
  confidential: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
  machine: ['client_credentials'],
};

/** An application as oidc-provider knows clients (RFC 7591). In place of its secret stand the hashes of those that work. */
export async function clientOf(applications: Applications, id: string): Promise<AdapterPayload | undefined> {
  const application = uuid.test(id) ? await applications.find(id) : undefined;
  if (!application || application.disabledAt) return undefined;
  const { kind, name, redirectUris, postLogoutRedirectUris, backchannelLogoutUri } = application;
  const secrets = kind === 'public' ? [] : await applications.secrets(id);
  return {
    client_id: id,
    client_name: name,
    application_type: redirectUris.some(isNative) ? 'native' : 'web',
    redirect_uris: [...redirectUris],
    post_logout_redirect_uris: [...postLogoutRedirectUris],
    grant_types: grantTypes[kind],
    response_types: kind === 'machine' ? [] : ['code'],
    token_endpoint_auth_method: kind === 'public' ? 'none' : 'client_secret_basic',
    ...(kind !== 'public' && { client_secret: secrets.map(({ hash }) => hash.toString('hex')).join('.') || 'none' }),
    ...(backchannelLogoutUri !== null && {
      backchannel_logout_uri: backchannelLogoutUri,
      backchannel_logout_session_required: true,
    }),
    ...ownMetadata(application),
  } as AdapterPayload;
}

export const ownProperties = ['api_scopes', 'machine_roles'];
const ownMetadata = ({ scopes, roles }: Application) => ({ api_scopes: [...scopes], machine_roles: [...roles] });

/** Tells whether a secret is one of those whose hashes stand in its place. */
export function isSecret(hashes: string | undefined, given: string): boolean {
  const hash = createHash('sha256').update(given).digest('hex');
  return hashes?.split('.').includes(hash) ?? false;
}
