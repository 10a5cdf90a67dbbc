import { describe, expect, it } from 'vitest';
import { keySealing } from './key-sealing.ts';

const secret = 'a secret of more than thirty-two characters';
const pem = '-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n';

describe('a sealed key', () => {
  it('opens under its secret, and is different each time', () => {
    const sealing = keySealing(secret);
    const sealed = sealing.seal(pem, 'kid');
    expect(sealed).not.toContain('abc');
    expect(sealing.seal(pem, 'kid')).not.toBe(sealed);
    expect(keySealing(secret).open(sealed, 'kid')).toBe(pem);
  });

  it('does not open under another secret, for another key, or when it was tampered with', () => {
    const sealed = keySealing(secret).seal(pem, 'kid');
    expect(keySealing(`${secret}!`).open(sealed, 'kid')).toBeUndefined();
    expect(keySealing(undefined).open(sealed, 'kid')).toBeUndefined();
    expect(keySealing(secret).open(sealed, 'other')).toBeUndefined();
    const parts = sealed.split('.');
    for (let index = 1; index < parts.length; index++) {
      const tampered = parts.with(
        index,
        Buffer.from(parts[index] ?? '', 'base64url')
          .reverse()
          .toString('base64url'),
      );
      expect(keySealing(secret).open(tampered.join('.'), 'kid')).toBeUndefined();
      expect(keySealing(secret).open(parts.toSpliced(index).join('.'), 'kid')).toBeUndefined();
    }
  });

  it('is readable without a secret only when there was none', () => {
    expect(keySealing(undefined).seal(pem, 'kid')).toBe(pem);
    expect(keySealing(secret).open(pem, 'kid')).toBe(pem);
  });
});
