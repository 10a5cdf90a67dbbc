import { describe, expect, it } from 'vitest';
import { english, type Notice } from './english.ts';
import { type Letter, letterTo } from './letter.ts';

const shop = { name: 'Tea & "Sympathy"', colour: '#ffcc00', url: 'https://shop.example' };
const occasion = { at: '2030-01-01T12:00:00.000Z', network: '192.0.2.1', userAgent: '<b>Browser</b>' };
const notices: Notice[] = ['new-device', 'password-changed', 'email-changed', 'factor-added', 'factor-removed'];
const letters: [string, Letter][] = [
  ['verify', english.verifyAddress(shop, 'https://shop.example/account/verify?token=x&y=z', '123456')],
  ['taken', english.addressTaken(shop)],
  ['change', english.changeAddress(shop, 'https://shop.example/account/verify?change=x')],
  ['used', english.addressAlreadyUsed(shop)],
  ['asked', english.changeAsked(shop, 'ada@example.com')],
  ['reset', english.resetPassword(shop, 'https://shop.example/account/reset?token=x')],
  ...notices.map((notice): [string, Letter] => [notice, english.notice(shop, notice, occasion)]),
];

describe.each(letters)('the letter: %s', (_name, letter) => {
  const { subject, text, html } = letterTo('ada@example.com', shop, letter);

  it('says the same as text and as HTML', () => {
    const shown = html
      .replace(/<title>.*?<\/title>/, '')
      .replaceAll(/<[^>]+>/g, ' ')
      .replaceAll('&amp;', '&')
      .replaceAll('&quot;', '"')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>');
    for (const part of [
      ...letter.begins,
      ...letter.ends,
      letter.link?.url ?? '',
      letter.link?.label ?? '',
      letter.code ?? '',
    ]) {
      expect(text).toContain(part);
      expect(shown).toContain(part);
    }
    expect(text).toContain(shop.name);
    expect(subject).not.toMatch(/\d{6}/);
  });

  it('is HTML that mail clients show: no scripts, no style sheets, nothing from elsewhere', () => {
    expect(html).not.toMatch(/<(script|style|link|img|form|iframe|svg|video)\b|url\(|class=|flex|grid|<b>Browser/);
    for (const table of html.match(/<table[^>]*>/g)!) expect(table).toContain('role="presentation"');
    expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
    const hrefs = [...html.matchAll(/href="([^"]+)"/g)].map(([, href]) => href!);
    for (const href of hrefs) expect(href).toMatch(/^https:\/\/shop\.example\//);
    expect(Math.max(...html.split('\n').map(({ length }) => length))).toBeLessThan(998);
  });
});

it('writes on the colour of the shop what can be read', () => {
  const on = (colour: string) => /color:(#\w+)"><b>/.exec(letterTo('x', { ...shop, colour }, letters[0]![1]).html)?.[1];
  expect([on('#ffcc00'), on('#ffffff'), on('#000000'), on('#0b57d0')]).toEqual([
    '#000000',
    '#000000',
    '#ffffff',
    '#ffffff',
  ]);
});
