import { expect, it } from 'vitest';
import { baseUrl } from '../support/base-url.ts';

it('has an address', () => {
  expect(baseUrl).toMatch(/^http/);
});
