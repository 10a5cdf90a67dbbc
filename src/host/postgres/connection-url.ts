/**
 * `postgresql://user:password@host:port/database?parameters` as libpq understands it: every part may be percent-encoded,
 * the host may be missing or a folder of sockets, and `?host=` goes before the other.
 */
import type { ConnectionSettings } from '#runtime/database/postgres-database.ts';
import { toolSettings } from '#runtime/database/session-settings.ts';
import { Session } from '#runtime/database/session.ts';

/** The standard's parser takes no credentials without a host. */
const withoutHost = /^(postgres(?:ql)?:\/\/(?:[^/?#]*@)?)(?=[:/?#]|$)/i;
const anyHost = 'localhost';

/** The mistake in the text of a URL, without repeating the text; undefined for one that can be parsed. */
export function mistakeIn(text: string): string | undefined {
  if (!/^postgres(ql)?:\/\//i.test(text)) return 'must be a postgresql:// URL';
  if (/%(?![0-9a-f]{2})/i.test(text))
    return 'has a percent sign that encodes nothing; as a character it is written %25';
  if (!URL.canParse(text.replace(withoutHost, `$1${anyHost}`)))
    return 'is no URL; characters such as / ? # @ in a name or password are percent-encoded';
  return undefined;
}

/** Throws for what `mistakeIn` tells of, and for files of keys and certificates that cannot be read. */
export function parseConnectionUrl(text: string): ConnectionSettings {
  const url = new URL(text.replace(withoutHost, `$1${anyHost}`));
  const given = (name: string, part: string) => url.searchParams.get(name) || decodeURIComponent(part);
  const host =
    url.searchParams.get('host') ||
    (withoutHost.test(text) ? '' : decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1'));
  const port = url.searchParams.get('port') || url.port;
  const [user, password, database] = [
    given('user', url.username),
    given('password', url.password),
    given('dbname', url.pathname.slice(1)),
  ];
  const [options, negotiation] = ['options', 'sslnegotiation'].map((name) => url.searchParams.get(name));
  // The driver knows the parameters that are about encryption.
  const { ssl } = new Session({ connectionString: `postgresql://${anyHost}/${url.search}`, settings: toolSettings });
  return {
    ssl: ssl as NonNullable<ConnectionSettings['ssl']>,
    ...(host && { host }),
    ...(port && { port: Number(port) }),
    ...(user && { user }),
    ...(password && { password }),
    ...(database && { database }),
    ...(options && { options }),
    ...(negotiation && { sslnegotiation: negotiation as 'postgres' | 'direct' }),
  };
}

/** The same URL for another role and its database of the same name. */
export function connectionUrlFor(
  text: string,
  { user, password, database }: { user: string; password: string | null; database: string },
): string {
  const url = new URL(text.replace(withoutHost, `$1${anyHost}`));
  for (const name of ['user', 'password', 'dbname']) url.searchParams.delete(name);
  url.username = encodeURIComponent(user);
  url.password = encodeURIComponent(password ?? '');
  url.pathname = `/${encodeURIComponent(database)}`;
  return withoutHost.test(text) ? url.href.replace(`@${anyHost}`, '@') : url.href;
}
