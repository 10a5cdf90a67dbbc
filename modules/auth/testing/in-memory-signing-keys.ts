import { type SigningKey, SigningKeys } from '../domain/signing-keys.ts';

export class InMemorySigningKeys extends SigningKeys {
  keys: SigningKey[] = [];

  async all() {
    return this.keys.toSorted((a, b) => a.generation - b.generation);
  }

  async add(key: SigningKey) {
    if (this.keys.some(({ generation }) => generation === key.generation)) return false;
    this.keys.push(key);
    return true;
  }

  async sealClear() {
    return 0;
  }

  async removeEndedBy(at: Date) {
    this.keys = this.keys.filter(({ signsUntil }) => signsUntil > at);
  }
}
