import { describe, expect, it } from 'vitest';
import { readAsset } from '#platform/assets.ts';
import { CommonPasswordList } from './common-password-list.ts';

const list = new CommonPasswordList();

describe('the list of common passwords', () => {
  it('S24 knows them, in upper case too', () => {
    for (const password of ['password', '12345678', 'passwordpassword', 'QwertyUiop12345', '1qaz2wsx3edc4rfv'])
      expect(list.includes(password), password).toBe(true);
  });

  it('S24 knows no others', () => {
    for (const password of ['correct horse battery staple', 'Passwords that many people use', '', 'x'.repeat(128)])
      expect(list.includes(password), password).toBe(false);
  });

  it('S24 has at least 3,000 that are long enough to be chosen, as ASVS 6.2.4 asks', () => {
    const lines = readAsset('modules/auth/security/common-passwords.txt').trimEnd().split('\n');
    const passwords = lines.slice(lines.indexOf('') + 1);
    expect(passwords.filter((password) => password.length >= 15).length).toBeGreaterThan(3_000);
    expect(passwords.filter((password) => password.length >= 8).length).toBe(passwords.length);
    expect(new Set(passwords).size).toBe(passwords.length);
    expect(passwords.every((password) => password === password.normalize('NFC').toLowerCase())).toBe(true);
  });
});
