import { v7 as uuid } from 'uuid';
import { backgroundContext } from '#platform/context.ts';
import { newAddress, type Address, type AddressFields } from '../domain/address.ts';
import { profileFrom, type Profile, type Registration } from '../domain/profile.ts';

export const noon = new Date('2030-01-01T12:00:00.000Z');

export const aRegistration = (fields: Partial<Registration> = {}): Registration => ({
  userId: uuid(),
  email: 'ada@example.com',
  name: 'Ada Lovelace',
  registeredAt: '2030-01-01T11:00:00.000Z',
  ...fields,
});

export const aProfile = (fields: Partial<Registration> = {}): Profile => profileFrom(aRegistration(fields));

export const atHome: AddressFields = {
  label: 'home',
  recipient: 'Ada Lovelace',
  line1: '12 St James’s Square',
  line2: 'Second floor',
  city: 'London',
  region: 'Greater London',
  postalCode: 'SW1Y 4JH',
  country: 'GB',
};

/** Only what must be there. */
export const atWork: AddressFields = {
  recipient: 'Ada Lovelace',
  line1: '1 Dorset Street',
  city: 'London',
  postalCode: 'W1U 4EF',
  country: 'GB',
};

export const anAddress = (fields: AddressFields = atHome): Address => newAddress(uuid(), fields, noon);

export const anyContext = backgroundContext('test', 10_000);
