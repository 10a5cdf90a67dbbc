import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { callTarget, ownDatabaseUrl, readConfiguration, upstreamOrigins } from './configuration.ts';
import { parseEnvironment } from './environment.ts';
import { StartupError } from './startup-error.ts';

describe('the configuration', () => {
  it('needs no variable at all', () => {
    expect(readConfiguration({})).toMatchObject({
      port: 3000,
      dataDir: 'data',
      modules: undefined,
      databaseUrl: undefined,
    });
  });

  it('is reachable from this machine only, until it runs in production', () => {
    expect(readConfiguration({}).host).toBe('127.0.0.1');
    expect(readConfiguration({ NODE_ENV: 'production' }).host).toBe('0.0.0.0');
    expect(readConfiguration({ NODE_ENV: 'production', HOST: '10.0.0.1' }).host).toBe('10.0.0.1');
  });

  it('loads the demo catalogue except in production', () => {
    expect(readConfiguration({}).seed).toBe('demo');
    expect(readConfiguration({ NODE_ENV: 'production' }).seed).toBeUndefined();
    expect(readConfiguration({ SEED: 'none' }).seed).toBeUndefined();
  });

  it('takes an empty variable for an absent one', () => {
    expect(readConfiguration({ PORT: '', MODULES: '' })).toMatchObject({ port: 3000, modules: undefined });
  });

  it('splits lists at commas', () => {
    expect(readConfiguration({ MODULES: 'library, readers' }).modules).toEqual(['library', 'readers']);
  });

  it.each([
    ['PORT', 'eighty'],
    ['PORT', '70000'],
    ['DATABASE_URL', 'mysql://localhost/shop'],
    ['LOG_LEVEL', 'loud'],
    ['SHUTDOWN_TIMEOUT', '-1'],
    ['TRUST_PROXY_HEADER', 'x-real-ip'],
    ['MODULES', ','],
    ['EVENTS_URL', 'http://broker'],
    ['EVENTS_URL', 'amqp://'],
    ['EVENTS_URL', 'kafka://one,two:x'],
    ['EVENTS_URL', 'kafka://one?partitions=many'],
    ['REDIS_URL', 'amqp://redis'],
    ['MAIL_URL', 'https://mail.example'],
    ['MAIL_FROM', 'Shop'],
  ])('names %s when it is %s', (name, value) => {
    expect(() => readConfiguration({ [name]: value })).toThrow(
      new RegExp(`^Wrong environment variable ${name}: [^\\n]+$`),
    );
  });
});

describe('the header of proxies', () => {
  it.each([
    [undefined, 'x-forwarded-for'],
    ['X-Forwarded-For', 'x-forwarded-for'],
    ['Forwarded', 'forwarded'],
  ])('said as %s is %s', (value, header) => {
    expect(readConfiguration({ TRUST_PROXY_HEADER: value }).trustProxyHeader).toBe(header);
  });
});

describe('a number', () => {
  it.each([
    ['PORT', 'eighty', 'a whole number from 0 to 65535'],
    ['PORT', '-1.5', 'a whole number from 0 to 65535'],
    ['RATE_LIMIT_PER_MINUTE', 'none', 'a whole number from 0 to 1000000000'],
    ['SHUTDOWN_TIMEOUT', '0', 'a number above 0 and up to 600'],
    ['SHUTDOWN_DELAY', '-1', 'a number from 0 to 600'],
    ['CALLS_FAILURE_RATE', '2', 'a number from 0 to 1'],
  ])('%s=%s is refused with what is allowed', (name, value, allowed) => {
    const said = `Wrong environment variable ${name}: "${value}" is not ${allowed}.`;
    expect(() => readConfiguration({ [name]: value })).toThrow(new StartupError(said));
  });

  it('of a module is refused in the same words', () => {
    const settings = z.object({
      BAKE_TIMEOUT: z.coerce
        .number()
        .positive()
        .max(60)
        .default(10)
        .transform((value) => value * 1000),
    });
    const said = 'Wrong environment variable BAKE_TIMEOUT: "soon" is not a number above 0 and up to 60.';
    expect(() => parseEnvironment(settings, { BAKE_TIMEOUT: 'soon' })).toThrow(new StartupError(said));
  });
});

describe("a module's own server", () => {
  it('is found under its name', () => {
    const url = 'postgresql://library:secret@db.example.com/library';
    expect(ownDatabaseUrl('library', { LIBRARY_DATABASE_URL: url })).toBe(url);
    expect(ownDatabaseUrl('readers', { LIBRARY_DATABASE_URL: url })).toBeUndefined();
  });

  it('must be PostgreSQL', () => {
    expect(() => ownDatabaseUrl('library', { LIBRARY_DATABASE_URL: 'http://x' })).toThrow('LIBRARY_DATABASE_URL');
  });
});

describe('a module in another process', () => {
  it.each(['dns:///library:50051', 'library:50051', '127.0.0.1:5001,127.0.0.1:5002'])('is called at %s', (target) => {
    expect(callTarget('library', { LIBRARY_URL: target })).toBe(target);
    expect(callTarget('readers', { LIBRARY_URL: target })).toBeUndefined();
  });

  it.each(['library', 'http://library:50051', 'library-1:5001,library-2:5001'])('is not called at %s', (target) => {
    expect(() => callTarget('library', { LIBRARY_URL: target })).toThrow(
      /^Wrong environment variable LIBRARY_URL: must be [^\n]+$/,
    );
  });

  it('is reached by the gateway at one or several origins', () => {
    const environment = { LIBRARY_HTTP_URL: 'https://library-1:3000/, https://library-2:3000' };
    expect(upstreamOrigins('library', environment)).toEqual(['https://library-1:3000', 'https://library-2:3000']);
    expect(upstreamOrigins('readers', environment)).toBeUndefined();
    expect(() => upstreamOrigins('library', { LIBRARY_HTTP_URL: 'library:3000' })).toThrow(
      'Wrong environment variable LIBRARY_HTTP_URL',
    );
  });
});

describe('the management port', () => {
  it('is at the address of the public one, unless it has its own', () => {
    expect(readConfiguration({}).management).toBeUndefined();
    expect(readConfiguration({ HOST: '10.0.0.1', MANAGEMENT_PORT: '9090' }).management).toEqual({
      host: '10.0.0.1',
      port: 9090,
    });
    expect(readConfiguration({ MANAGEMENT_PORT: '9090', MANAGEMENT_HOST: '::1' }).management).toEqual({
      host: '::1',
      port: 9090,
    });
  });

  it.each([
    [{ MANAGEMENT_HOST: '::1' }, 'MANAGEMENT_HOST goes with MANAGEMENT_PORT: set that too, or neither.'],
    [{ MANAGEMENT_PORT: '3000' }, 'MANAGEMENT_PORT: 3000 is PORT already. Choose another.'],
    [{ MANAGEMENT_PORT: '50051', GRPC_PORT: '50051' }, 'MANAGEMENT_PORT: 50051 is GRPC_PORT already. Choose another.'],
  ])('is refused with one line with %o', (environment, line) => {
    expect(() => readConfiguration(environment)).toThrow(new StartupError(line));
  });
});

describe('certificates', () => {
  const files = { PEER_TLS_CA: 'ca.pem', PEER_TLS_CERT: 'cert.pem', PEER_TLS_KEY: 'key.pem' };

  it('are given whole or not at all', () => {
    expect(readConfiguration(files).peerTls).toEqual({ ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem' });
    expect(readConfiguration({}).peerTls).toBeUndefined();
    expect(() => readConfiguration({ ...files, PEER_TLS_KEY: '' })).toThrow(
      'PEER_TLS_CA, PEER_TLS_CERT and PEER_TLS_KEY belong together',
    );
    expect(() => readConfiguration({ TLS_CERT: 'cert.pem' })).toThrow('TLS_CERT and TLS_KEY belong together');
  });

  it('can be done without, but only by saying so', () => {
    expect(readConfiguration({ ...files, PEER_TLS: 'off' }).peerTls).toBe('off');
  });
});

describe('the origins whose pages may call', () => {
  it('are taken as browsers send them', () => {
    const { corsOrigins } = readConfiguration({ CORS_ORIGINS: 'HTTPS://Shop.Example:443/, http://localhost:5173' });
    expect(corsOrigins).toEqual(['https://shop.example', 'http://localhost:5173']);
  });

  it.each(['*', 'shop.example', 'https://shop.example/path', 'https://*.shop.example', 'ftp://shop.example', 'null'])(
    'are not %s',
    (text) => {
      const said = `Wrong environment variable CORS_ORIGINS: ${JSON.stringify(text)} is no origin; give scheme, host and port only, such as https://shop.example.`;
      expect(() => readConfiguration({ CORS_ORIGINS: text })).toThrow(new StartupError(said));
    },
  );
});

describe('a wrong variable', () => {
  it.each([
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL: "loud" is none of error, warn, info, debug, silent'],
    [{ JWKS_URL: 'keys' }, 'JWKS_URL: is not a URL, such as https://example.com'],
    [
      { PORT: 'eighty', LOG_LEVEL: 'loud' },
      'PORT: "eighty" is not a whole number from 0 to 65535; LOG_LEVEL: "loud" is none of error, warn, info, debug, silent',
    ],
  ])('is told in plain words, and all at once: %j', (environment, said) => {
    expect(() => readConfiguration(environment)).toThrow(new StartupError(`Wrong environment variable ${said}.`));
  });

  it('is told without its value where that may be a secret', () => {
    const settings = z.object({ KEY_SECRET: z.string().min(32) });
    const said = 'Wrong environment variable KEY_SECRET: must have at least 32 characters.';
    expect(() => parseEnvironment(settings, { KEY_SECRET: 'hunter2' })).toThrow(new StartupError(said));
  });
});
