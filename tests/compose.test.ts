import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const file = readFileSync('docker-compose.yml', 'utf8');

describe('docker-compose.yml', () => {
  it.each(['PAYMENT_PROVIDER', 'AUTH_KEY_SECRET', 'DATABASE_URL'])(
    'guesses no %s: without one it stops, and says where it goes',
    (variable) => {
      // Not a colon and a space within: that would be a mapping to YAML.
      expect(file).toMatch(
        new RegExp(String.raw`^ +${variable}: .*\$\{[A-Z_]+:\?Put it into \.env(?:(?!: )[^}])*\}`, 'm'),
      );
    },
  );
});
