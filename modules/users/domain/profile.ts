import type { z } from 'zod';
import type { Profile as ProfileSchema, ProfileChanges as ProfileChangesSchema } from '../contract.ts';

export type Profile = Readonly<z.output<typeof ProfileSchema>>;
export type ProfileChanges = Readonly<z.output<typeof ProfileChangesSchema>>;

/** The data a person gave when they registered; the event and the answer of auth carry the same. */
export interface Registration {
  readonly userId: string;
  readonly email: string;
  readonly name: string;
  readonly registeredAt: string;
}

/** Depends on the registration alone, so that it does not matter which way the registration reached us first. */
export const profileFrom = ({ userId, email, name, registeredAt }: Registration): Profile => ({
  userId,
  email,
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
