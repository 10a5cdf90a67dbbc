import { AuthErrors } from '../contract.ts';
import type { Application } from '../domain/applications.ts';
import { objectionTo } from '../domain/redirect-uri.ts';

/** Refuses an application that its kind does not allow, and addresses that would be unsafe. */
export function requireFit({ kind, roles, ...application }: Application): void {
  const { redirectUris, postLogoutRedirectUris, backchannelLogoutUri } = application;
  const machine = kind === 'machine';
  if (machine && redirectUris.length > 0) refuse('/redirectUris', 'A machine sends nobody anywhere.');
  if (!machine && redirectUris.length === 0) refuse('/redirectUris', 'Give at least one.');
  if (!machine && roles.length > 0) refuse('/roles', 'Only a machine has roles of its own.');
  requireSafe('/redirectUris', redirectUris, (uri) => objectionTo(uri, kind));
  requireSafe('/postLogoutRedirectUris', postLogoutRedirectUris, (uri) => objectionTo(uri, kind));
  if (backchannelLogoutUri !== null) {
    const objection = objectionTo(backchannelLogoutUri, 'confidential');
    if (objection !== undefined) refuse('/backchannelLogoutUri', objection);
  }
}

function requireSafe(field: string, uris: readonly string[], objectionOf: (uri: string) => string | undefined): void {
  for (const [index, uri] of uris.entries()) {
    const objection = objectionOf(uri);
    if (objection !== undefined) refuse(`${field}/${index}`, objection);
  }
}

function refuse(path: string, message: string): never {
  throw AuthErrors.applicationUnfit({ detail: message, fields: [{ path, message }] });
}
