import { describe, expect, it } from 'vitest';
import { ownDatabaseUrl, readConfiguration } from './configuration.ts';

describe('the configuration', () => {
  it('needs no variable at all', () => {
    expect(readConfiguration({})).toMatchObject({ port: 3000, dataDir: 'data', modules: undefined, databaseUrl: undefined });
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
    expect(readConfiguration({ MODULES: 'orders, payments' }).modules).toEqual(['orders', 'payments']);
  });

  it.each([
    ['PORT', 'eighty'],
    ['PORT', '70000'],
    ['DATABASE_URL', 'mysql://localhost/shop'],
    ['LOG_LEVEL', 'loud'],
    ['SHUTDOWN_TIMEOUT', '-1'],
    ['MODULES', ','],
  ])('names %s when it is %s', (name, value) => {
    expect(() => readConfiguration({ [name]: value })).toThrow(new RegExp(`^Wrong environment variable ${name}: [^\\n]+$`));
  });
});

describe("a module's own server", () => {
  it('is found under its name', () => {
    const url = 'postgresql://orders:secret@db.example.com/orders';
    expect(ownDatabaseUrl('orders', { ORDERS_DATABASE_URL: url })).toBe(url);
    expect(ownDatabaseUrl('payments', { ORDERS_DATABASE_URL: url })).toBeUndefined();
  });

  it('must be PostgreSQL', () => {
    expect(() => ownDatabaseUrl('orders', { ORDERS_DATABASE_URL: 'http://x' })).toThrow('ORDERS_DATABASE_URL');
  });
});
