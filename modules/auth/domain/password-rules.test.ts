import { describe, expect, it } from 'vitest';
import { PasswordRules } from './password-rules.ts';

const owner = { email: 'ada.king@example.com', name: 'Augusta Ada Lovelace' };
const rules = new PasswordRules(15, { includes: (password) => password === 'passwordpassword' }, [
  'fissile',
  'Corner Shop',
]);
const isFine = (password: string) => rules.objection(password, owner) === undefined;

describe('a password', () => {
  it('S23 has 15 characters or more, and 128 at most', () => {
    expect([14, 15, 128, 129].map((length) => isFine('x'.repeat(length)))).toEqual([false, true, true, false]);
  });

  it('S23 is counted in characters, not in bytes or halves of them', () => {
    expect(isFine('🐎'.repeat(14))).toBe(false);
    expect(isFine('🐎'.repeat(15))).toBe(true);
    expect(isFine('🐎'.repeat(128))).toBe(true);
    expect(isFine('e\u0301'.repeat(14)), 'an accent is no character of its own').toBe(false);
  });

  it('S23 may be made of anything', () => {
    const many = [
      'lower case only',
      '123 456 789 0123',
      'пароль из нескольких слов',
      '密码密码密码密码密码密码密码密',
      ' '.repeat(20),
      '\t\n\u0000 even control',
    ];
    expect(many.map(isFine)).toEqual(many.map(() => true));
  });

  it('S23 can be allowed to be shorter', () => {
    const lenient = new PasswordRules(8, { includes: () => false });
    expect(lenient.objection('8 chars!', owner)).toBeUndefined();
    expect(lenient.objection('7 chars', owner)).toBeDefined();
  });

  it('S24 is not one that everybody tries first', () => {
    expect(isFine('passwordpassword')).toBe(false);
    expect(isFine('Ada.King@example.com')).toBe(false);
  });

  it.each([
    'fissilefissilefissile',
    'Fissile-2026-Fissile',
    'corner shop 12345',
    'CornerShop.Corner',
    'ada.king@example.com!!',
    'adakingadaking!',
    'example example 1',
    'AugustaAdaLovelace',
    'lovelace-1815-Ada',
  ])('S24 is not made of the name of the product, of its owner or of their address, as %s is', (password) => {
    expect(isFine(password)).toBe(false);
  });

  it('S24 may have such names beside enough that is its own', () => {
    expect(['lovelace rides a horse', 'fissile battery staple', 'an arcade in Canada'].map(isFine)).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('S24 is another one than before', () => {
    const password = 'correct horse battery staple';
    expect(rules.objection(password, { ...owner, password })).toMatch('replaces');
  });
});
