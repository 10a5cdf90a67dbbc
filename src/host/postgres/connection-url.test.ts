import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { connectionUrlFor, mistakeIn, parseConnectionUrl } from './connection-url.ts';

describe('a URL of a database', () => {
  it.each([
    [
      'postgresql://ada:secret@db.example.com:6543/shop',
      { user: 'ada', password: 'secret', host: 'db.example.com', port: 6543, database: 'shop' },
    ],
    [
      'postgres://ada:pw@/shop?host=/var/run/postgresql',
      { user: 'ada', password: 'pw', host: '/var/run/postgresql', database: 'shop' },
    ],
    [
      'postgresql:///shop?host=/var/run/postgresql&port=5433',
      { host: '/var/run/postgresql', port: 5433, database: 'shop' },
    ],
    ['postgresql://ada@:5433/shop', { user: 'ada', port: 5433, database: 'shop' }],
    ['postgresql://ada@%2Fvar%2Frun/shop', { user: 'ada', host: '/var/run', database: 'shop' }],
    ['postgresql://[::1]:5432/shop', { host: '::1', port: 5432, database: 'shop' }],
    [
      'postgresql://postgres.tenant:a.b%25c%40d%2Fe@pooler:6543/my.shop%25%2F%3F1',
      { user: 'postgres.tenant', password: 'a.b%c@d/e', host: 'pooler', port: 6543, database: 'my.shop%/?1' },
    ],
    [
      'postgresql://h/shop?user=ada&password=p%25&options=-c%20geqo%3Doff',
      { host: 'h', user: 'ada', password: 'p%', database: 'shop', options: '-c geqo=off' },
    ],
  ])('is understood as libpq does: %s', (text, parts) => {
    expect(mistakeIn(text)).toBeUndefined();
    expect(parseConnectionUrl(text)).toEqual({ ssl: false, ...parts });
  });

  it('keeps what it says about encryption', () => {
    expect(parseConnectionUrl('postgresql://h/shop?sslmode=no-verify')).toMatchObject({
      ssl: { rejectUnauthorized: false },
    });
    expect(parseConnectionUrl('postgresql://h/shop?sslmode=verify-full&sslnegotiation=direct')).toMatchObject({
      ssl: {},
      sslnegotiation: 'direct',
    });
  });

  it.each([
    ['https://h/shop', /must be a postgresql:\/\/ URL/],
    ['h/shop', /must be a postgresql:\/\/ URL/],
    ['postgresql://ada:100%@h/shop', /percent sign/],
    ['postgresql://ada:50%zz@h/shop', /percent sign/],
    ['postgresql://ada:p@h:port/shop', /is no URL/],
  ])('with a mistake is refused without repeating what is in it: %s', (text, line) => {
    expect(mistakeIn(text)).toMatch(line);
    expect(mistakeIn(text)).not.toContain('ada');
  });

  it.each([
    'postgresql://boss:pw@h:1/shop?sslmode=no-verify',
    'postgresql://boss:pw@/shop?host=/tmp',
    'postgresql://h/shop?user=boss&password=pw&dbname=other',
  ])('leads another role to its database, and to the same in all else: %s', (text) => {
    const other = { user: 'my.role%', password: 'a/b%', database: 'my.role%' };
    const url = connectionUrlFor(text, other);
    expect(mistakeIn(url)).toBeUndefined();
    expect(parseConnectionUrl(url)).toEqual({ ...parseConnectionUrl(text), ...other });
  });

  it('is what the driver gets', () => {
    const client = new pg.Client(parseConnectionUrl('postgresql://ada:pw@/my%2Fshop?host=/tmp'));
    expect(client).toMatchObject({ host: '/tmp', database: 'my/shop', user: 'ada', password: 'pw' });
  });
});
