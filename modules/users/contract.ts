/**
 * All that other modules may know of users. Nothing else in this folder can be imported from outside it.
 * Within a version an optional field may be added; any other change is a new version beside the old.
 */
import { z } from 'zod';
import { api, command, errors, event, query } from '#platform/contract.ts';
import { AuthApi, EmailAddress } from '../auth/contract.ts';
import { OrdersApi } from '../orders/contract.ts';
import { PaymentsApi } from '../payments/contract.ts';

/** Addresses of one person. */
export const addressBookLimit = 50;

export const UsersErrors = errors('users', {
  profileNotFound: ['not-found', 'There is no such profile.'],
  addressNotFound: ['not-found', 'There is no such address.'],
  tooManyAddresses: ['conflict', `An address book holds ${addressBookLimit} addresses at most. Delete one first.`],
  exportUnderWay: [
    'too-many',
    'Your data is being exported already. Wait until that is done, or for a minute after it broke off.',
  ],
  exportEnded: ['conflict', 'This export has ended. Begin another one.'],
  changedMeanwhile: ['conflict', 'Somebody changed this meanwhile. Read it again and repeat the change.'],
});

/** One line a person typed. Control characters have no place in it, and PostgreSQL cannot store a NUL. */
const line = (longest: number) =>
  z
    .string()
    .trim()
    .max(longest)
    // oxlint-disable-next-line no-control-regex -- `\P{Cc}` is not known to every reader of the OpenAPI document
    .regex(/^[^\u0000-\u001f\u007f-\u009f]*$/, 'Control characters are not allowed.');

const stored = { version: z.int().positive(), createdAt: z.iso.datetime(), updatedAt: z.iso.datetime() };

export const Profile = z
  .object({
    userId: z.uuid(),
    email: EmailAddress,
    emailVerified: z.boolean().optional().describe('whether it is known that you read its mail'),
    name: z.string(),
    phone: z.string().nullable(),
    ...stored,
  })
  .meta({ id: 'Profile' });

export const ProfileChanges = z.object({
  name: line(200)
    .min(1)
    .optional()
    .meta({ examples: ['Ada Lovelace'] }),
  phone: line(30)
    .min(3)
    .nullable()
    .optional()
    .describe('null removes it')
    .meta({ examples: ['+44 20 7946 0000'] }),
});

export const AddressFields = z.object({
  label: line(50).optional().describe('such as "home"'),
  recipient: line(200)
    .min(1)
    .meta({ examples: ['Ada Lovelace'] }),
  line1: line(200)
    .min(1)
    .meta({ examples: ['12 St James Square'] }),
  line2: line(200).optional(),
  city: line(100)
    .min(1)
    .meta({ examples: ['London'] }),
  region: line(100).optional(),
  postalCode: line(20)
    .min(1)
    .meta({ examples: ['SW1Y 4JH'] }),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, 'Use the two capital letters of ISO 3166-1, such as DE.')
    .meta({ examples: ['GB'] }),
});

export const Address = AddressFields.extend({ id: z.uuid(), ...stored }).meta({ id: 'Address' });

const { roles, sessions, ...aboutAccount } = AuthApi.exportPersonalData.output.omit({ nextCursor: true }).shape;
const Account = z.object({ ...aboutAccount, roles });
const Session = sessions.element;
const Order = OrdersApi.exportPersonalData.output.shape.orders.element;
const Payment = PaymentsApi.exportPersonalData.output.shape.payments.element;

/** All that is stored about a person. It is only ever read by pages and written as a stream. */
export const PersonalData = z.object({
  exportedAt: z.iso.datetime(),
  profile: Profile.nullable(),
  addresses: z.array(Address),
  account: Account.extend({ sessions: z.array(Session) }),
  orders: z.array(Order),
  payments: z.array(Payment),
});
/** The parts that may be long. */
export const ExportPart = z.enum(['sessions', 'orders', 'payments']);

const ofUser = { userId: z.uuid() };
/** The version the caller has seen; another one stored answers changed-meanwhile. */
const expectedVersion = z.int().positive().optional();

export const UsersApi = api('users', {
  getProfile: query(1, {
    summary: 'Readable as soon as the account exists, even before the registration event has arrived.',
    input: z.object(ofUser),
    output: Profile,
    errors: [UsersErrors.profileNotFound],
  }),
  updateProfile: command(1, {
    summary: 'Changes the given fields and leaves the rest.',
    input: ProfileChanges.extend({ ...ofUser, expectedVersion }),
    output: Profile,
    errors: [UsersErrors.profileNotFound, UsersErrors.changedMeanwhile],
  }),
  listAddresses: query(1, {
    input: z.object(ofUser),
    output: z.object({ addresses: z.array(Address).max(addressBookLimit) }),
    errors: [],
  }),
  getAddress: query(1, {
    input: z.object({ ...ofUser, addressId: z.uuid() }),
    output: Address,
    errors: [UsersErrors.addressNotFound],
  }),
  addAddress: command(1, {
    input: AddressFields.extend(ofUser),
    output: Address,
    errors: [UsersErrors.profileNotFound, UsersErrors.tooManyAddresses],
  }),
  replaceAddress: command(1, {
    input: AddressFields.extend({ ...ofUser, addressId: z.uuid(), expectedVersion }),
    output: Address,
    errors: [UsersErrors.addressNotFound, UsersErrors.changedMeanwhile],
  }),
  removeAddress: command(1, {
    input: z.object({ ...ofUser, addressId: z.uuid(), expectedVersion }),
    output: z.object({}),
    errors: [UsersErrors.addressNotFound, UsersErrors.changedMeanwhile],
  }),
  beginExport: command(1, {
    summary:
      'Begins an export of everything that the modules store about a person, one at a time; exportPage reads it.',
    actsFor: 'userId',
    input: z.object(ofUser),
    output: z.object({
      exportId: z.uuid(),
      exportedAt: z.iso.datetime(),
      profile: Profile.nullable(),
      addresses: z.array(Address).max(addressBookLimit),
      account: Account,
    }),
    errors: [UsersErrors.exportUnderWay],
  }),
  exportPage: command(1, {
    summary:
      'A page of one part of an export; the lists of the other parts are empty. The export lasts a minute longer.',
    actsFor: 'userId',
    input: z.object({ ...ofUser, exportId: z.uuid(), part: ExportPart, cursor: z.uuid().optional() }),
    output: z.object({
      sessions: z.array(Session).max(100),
      orders: z.array(Order).max(100),
      payments: z.array(Payment).max(100),
      nextCursor: z.string().nullable().describe('null on the last page of this part'),
    }),
    errors: [UsersErrors.exportEnded],
  }),
  endExport: command(1, {
    summary: 'Lets the next export begin. Repeating it is harmless.',
    actsFor: 'userId',
    input: z.object({ ...ofUser, exportId: z.uuid() }),
    output: z.object({}),
    errors: [],
  }),
  erase: command(1, {
    summary: 'Erases a person here at once, and everywhere else by the event that follows. Repeating it is harmless.',
    input: z.object({ ...ofUser, sessionId: z.uuid().optional(), password: AuthApi.allowErasure.input.shape.password }),
    output: z.object({}),
    errors: AuthApi.allowErasure.errors,
  }),
});

export const personErased = event('users.person-erased', 1, {
  summary: 'When a person asked to be forgotten; every module erases what it stores about them.',
  key: 'userId',
  payload: z.object({ userId: z.uuid(), erasedAt: z.iso.datetime() }),
});
