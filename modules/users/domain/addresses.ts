import type { Address } from './address.ts';

/** Every method sees the addresses of one person only: another person's address is as good as none. */
export abstract class Addresses {
  /** The oldest first. */
  abstract list(userId: string): Promise<Address[]>;

  abstract find(userId: string, addressId: string): Promise<Address | undefined>;

  /** Holds fewer than `limit` even when many are added at once. */
  abstract add(userId: string, address: Address, limit: number): Promise<'added' | 'full' | 'erased'>;

  /** As `Profiles.update`. */
  abstract update(
    userId: string,
    addressId: string,
    change: (address: Address) => Address,
  ): Promise<Address | undefined>;

  /** Removes an address and tells whether there was one; `guard` may refuse by throwing. */
  abstract remove(userId: string, addressId: string, guard: (address: Address) => void): Promise<boolean>;
}
