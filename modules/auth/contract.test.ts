import { describe, expect, it } from 'vitest';
import { Email, userRegistered } from './contract.ts';

const read = (text: string) => Email.safeParse(text).data;

describe('an e-mail address', () => {
  it.each([
    ['all that may stand before the @', "a.!#$%&'*+/=?^_`{|}~-z@example.com"],
    ['a domain in punycode', 'ada@xn--bcher-kva.xn--p1ai'],
    ['a host of an intranet', 'ada@localhost'],
    ['a top-level domain with digits', 'ada@example.xn--90ais'],
    ['dots where a mail server may not want them', '.ada..lovelace.@example.com'],
    ['a label of 63 characters', `ada@${'x'.repeat(63)}.com`],
  ])('may have %s, as in a form of a browser', (_, address) => {
    expect(read(address)).toBe(address);
    const registered = {
      userId: crypto.randomUUID(),
      email: address,
      name: 'Ada',
      registeredAt: '2030-01-01T12:00:00.000Z',
    };
    expect(userRegistered.payload.safeParse(registered).success, 'in an event too').toBe(true);
  });

  it.each([
    ['spaces around it', ' \tada@example.com\n', 'ada@example.com'],
    ['capitals', 'Ada@Example.COM', 'ada@example.com'],
    ['an international domain', 'Ada@BÜCHER.example', 'ada@xn--bcher-kva.example'],
    ['a domain in another script', 'ada@почта。рф', 'ada@xn--80a1acny.xn--p1ai'],
  ])('is the same with %s', (_, typed, address) => {
    expect(read(typed)).toBe(address);
    expect(read(address), 'and stays so').toBe(address);
  });

  it.each([
    '',
    'ada',
    '@example.com',
    'ada@',
    'ada @example.com',
    'ada@exam ple.com',
    'ada@ada@example.com',
    'ada@-example.com',
    'ada@example-.com',
    'ada@example..com',
    `ada@${'x'.repeat(64)}.com`,
    'ada@bücher.example/path',
    'ada@bücher.example:80',
    'ada@bücher .example',
    'ada@bü_cher.example',
    'ädä@example.com',
    'ada@example.com\u0000',
    'ada@b\u202eücher.example',
    `${'x'.repeat(250)}@example.com`,
  ])('is not %j', (text) => {
    expect(read(text)).toBeUndefined();
  });
});
