import { describe, expect, it } from 'vitest';
import { mailServer, senderOf } from './mail-server.ts';

describe('the mail server of a URL', () => {
  it.each([
    [
      'smtps://user:p%40ss@mail.example',
      { port: 465, tls: true, requireTls: false, auth: { user: 'user', pass: 'p@ss' } },
    ],
    ['smtp://user:pass@mail.example', { port: 587, tls: false, requireTls: true }],
    ['smtp://mail.example:25', { port: 25, tls: false, requireTls: false, auth: undefined }],
    ['smtp://user:pass@127.0.0.1:1025', { port: 1025, requireTls: false }],
    ['smtp://[::1]:1025', { host: '::1' }],
  ])('%s', (url, server) => {
    expect(mailServer(url)).toMatchObject(server);
  });

  it.each([
    'mail.example',
    'https://mail.example',
    'smtp://',
    'smtp://user@mail.example',
    'smtp://mail.example/path',
    'smtp://mail.example?tls=no',
  ])('is refused in %s', (url) => {
    expect(() => mailServer(url)).toThrow(/^must /);
  });
});

describe('a sender', () => {
  it.each([
    ['no-reply@shop.example', '', 'no-reply@shop.example'],
    ['Shop <no-reply@shop.example>', 'Shop', 'no-reply@shop.example'],
    ['"Ada & Co." <shop@ada.example>', 'Ada & Co.', 'shop@ada.example'],
  ])('%s', (text, name, address) => {
    expect(senderOf(text)).toEqual({ name, address });
  });

  it.each([
    'Shop',
    'Shop <>',
    'a@b, c@d',
    'Shop <a@b>, Other <c@d>',
    'Shop\r\nBcc: x@y.example <a@b>',
    'a b@c.example',
  ])('is not in %j', (text) => {
    expect(senderOf(text)).toBeUndefined();
  });
});
