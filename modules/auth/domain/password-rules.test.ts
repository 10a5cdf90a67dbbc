import { describe, expect, it } from 'vitest';
import { PasswordRules } from './password-rules.ts';

const owner = { email: 'ada.lovelace@example.com' };
const rules = new PasswordRules(15, { includes: (password) => password === 'passwordpassword' });
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
    const many = ['lower case only', '123 456 789 0123', 'пароль из нескольких слов', '密码密码密码密码密码密码密码密', ' '.repeat(20), '\t\n\u0000 even control'];
    expect(many.map(isFine)).toEqual(many.map(() => true));
  });

  it('S23 can be allowed to be shorter', () => {
    const lenient = new PasswordRules(8, { includes: () => false });
    expect(lenient.objection('8 chars!', owner)).toBeUndefined();
    expect(lenient.objection('7 chars', owner)).toBeDefined();
  });

  it('S24 is not one that everybody tries first', () => {
    expect(isFine('passwordpassword')).toBe(false);
    expect(isFine('Ada.Lovelace@example.com')).toBe(false);
  });
});
