import type { Profile } from './profile.ts';

export abstract class Profiles {
  abstract find(userId: string): Promise<Profile | undefined>;

  /** Stores it, unless there is one already; gives the one that is stored. Undefined once the person was erased. */
  abstract add(profile: Profile): Promise<Profile | undefined>;

  /** Stores what `change` makes of the profile; undefined when there is none. Changes at the same time take turns. */
  abstract update(userId: string, change: (profile: Profile) => Profile): Promise<Profile | undefined>;
}
