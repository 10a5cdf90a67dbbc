import type { z } from 'zod';
import type { Address as AddressSchema, AddressFields as AddressFieldsSchema } from '../contract.ts';

export type Address = Readonly<z.output<typeof AddressSchema>>;
export type AddressFields = Readonly<z.output<typeof AddressFieldsSchema>>;

export const newAddress = (id: string, fields: AddressFields, at: Date): Address => ({
  ...fields,
  id,
  version: 1,
  createdAt: at.toISOString(),
  updatedAt: at.toISOString(),
});

/** Nothing of the former fields stays: an optional one that is not given is gone. */
export const replaceFields = ({ id, version, createdAt }: Address, fields: AddressFields, at: Date): Address => ({
  ...fields,
  id,
  version: version + 1,
  createdAt,
  updatedAt: at.toISOString(),
});
