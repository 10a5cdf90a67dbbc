import type { z } from 'zod';
import type { Profile as ProfileSchema, ProfileChanges as ProfileChangesSchema } from '../contract.ts';

export type Profile = Readonly<Omit<z.output<typeof ProfileSchema>, 'emailVerified'> & { emailVerified: boolean }>;
export type ProfileChanges = Readonly<z.output<typeof ProfileChangesSchema>>;

/** The data a person gave when they registered; the event and the answer of auth carry the same. */
export interface Registration {
  readonly userId: string;
  readonly email: string;
  readonly name: string;
  readonly registeredAt: string;
  readonly emailVerified?: boolean | undefined;
}

/** Depends on the registration alone, so that it does not matter which way the registration reached us first. */
export const profileFrom = ({ userId, email, name, registeredAt, emailVerified = false }: Registration): Profile => ({
  userId,
  email,
  emailVerified,
  name,
  phone: null,
  version: 1,
  createdAt: registeredAt,
  updatedAt: registeredAt,
});

export const changeProfile = (profile: Profile, { name, phone }: ProfileChanges, at: Date): Profile => ({
  ...profile,
  name: name ?? profile.name,
  phone: phone === undefined ? profile.phone : phone,
  version: profile.version + 1,
  updatedAt: at.toISOString(),
});

/** Shows an address that was verified. */
export const withEmail = (profile: Profile, email: string, verifiedAt: Date): Profile => ({
  ...profile,
  email,
  emailVerified: true,
  version: profile.version + 1,
  updatedAt: verifiedAt.toISOString(),
});
