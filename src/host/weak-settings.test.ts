import { describe, expect, it } from 'vitest';
import { readConfiguration } from './configuration.ts';
import { weakSettings } from './weak-settings.ts';

const said = (environment: Record<string, string>, { isGateway = true } = {}) =>
  weakSettings(
    readConfiguration({ NODE_ENV: 'production', TRUST_PROXY: '1', PUBLIC_URL: 'https://shop.example', ...environment }),
    isGateway,
  );

describe('in production, what is weak is said', () => {
  it.each([
    ['PEER_TLS', { PEER_TLS: 'off' }],
    ['HTTP without TLS', { TRUST_PROXY: '0' }],
    ['PUBLIC_URL', { PUBLIC_URL: '' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'http://shop.example' }],
    ['RATE_LIMIT_PER_MINUTE', { RATE_LIMIT_PER_MINUTE: '0' }],
    ['CALLS', { CALLS: 'wire' }],
    ['DATABASE_URL', { DATABASE_URL: 'postgresql://fissile:secret@db.example.com/fissile' }],
    ['DATABASE_URL', { DATABASE_URL: 'postgresql://fissile:secret@10.0.0.7/fissile?sslmode=prefer' }],
    ['EVENTS_URL', { EVENTS_URL: 'amqp://guest:secret@broker.example.com' }],
    ['EVENTS_URL', { EVENTS_URL: 'kafka://user:secret@kafka,kafka.example.com:9092' }],
    ['MAIL_URL', { MAIL_URL: 'smtp://mail.example.com', MAIL_FROM: 'shop@example.com' }],
    ['REDIS_URL', { REDIS_URL: 'redis://[2001:db8::1]:6379' }],
    ['JWKS_URL', { JWKS_URL: 'http://keys.example.com/jwks.json' }],
  ])('of %s: %j', (what, environment) => {
    expect(said(environment)).toEqual([expect.stringMatching(`^Weak setting: ${what}[^\n]+\\.$`)]);
    expect(said(environment).join()).not.toContain('secret');
    expect(said({ ...environment, NODE_ENV: 'development' })).toEqual([]);
  });

  it.each([
    {},
    { TRUST_PROXY: '0', HOST: '127.0.0.1' },
    { TRUST_PROXY: '0', HOST: '::1' },
    { TRUST_PROXY: '0', TLS_CERT: 'cert.pem', TLS_KEY: 'key.pem' },
    { DATABASE_URL: 'postgresql://fissile@db.example.com/fissile?sslmode=verify-full' },
    { DATABASE_URL: 'postgresql://fissile@127.0.0.1/fissile' },
    { DATABASE_URL: 'postgresql://fissile@postgres/fissile' },
    { MAIL_URL: 'smtps://user:secret@mail.example.com', MAIL_FROM: 'shop@example.com' },
    { MAIL_URL: 'smtp://user:secret@mail.example.com', MAIL_FROM: 'shop@example.com' },
    { MAIL_URL: 'smtp://mail:25', MAIL_FROM: 'shop@example.com' },
    { EVENTS_URL: 'kafka://kafka:9092,127.0.0.1:9093' },
    { EVENTS_URL: 'kafkas://one.example.com,two.example.com' },
    {
      EVENTS_URL: 'amqps://broker.example.com',
      REDIS_URL: 'rediss://redis.example.com',
      JWKS_URL: 'https://keys.example.com',
    },
  ])('and nothing of %j', (environment) => {
    expect(said(environment)).toEqual([]);
  });

  it('by the gateway alone where it is about the public port', () => {
    expect(said({ TRUST_PROXY: '0', RATE_LIMIT_PER_MINUTE: '0' }, { isGateway: false })).toEqual([]);
  });
});
