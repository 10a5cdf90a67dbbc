import { expect, it } from 'vitest';
import { sale } from '../../modules/sales/domain/sale.ts';
import { baseUrl } from '../support/base-url.ts';

it('has an address', () => {
  expect(baseUrl).toMatch(/^http/);
});
