import { InMemoryTable } from '#platform/in-memory-transaction.ts';
import { Factors, hasFactor } from '../domain/factors.ts';
import { typedCode } from '../domain/one-time-codes.ts';
import { TotpSecrets } from '../domain/totp-secrets.ts';

interface HeldTotp {
  readonly secret: string;
  readonly lastStep: number;
  readonly proposedAt: Date;
  readonly confirmedAt: Date | null;
}

/** Second factors over one memory. */
export function inMemoryFactors() {
  const totps = new InMemoryTable<string, HeldTotp>();
  const recoveryCodes = new InMemoryTable<string, readonly string[]>();

  class InMemoryTotpSecrets extends TotpSecrets {
    async propose(accountId: string, secret: string, at: Date) {
      if (totps.get(accountId)?.confirmedAt) return false;
      totps.set(accountId, { secret, lastStep: 0, proposedAt: at, confirmedAt: null });
      return true;
    }
    async find(accountId: string) {
      const totp = totps.get(accountId);
      return totp && { secret: totp.secret, proposedAt: totp.proposedAt, confirmedAt: totp.confirmedAt };
    }
    async confirm(accountId: string, secret: string, step: number, at: Date) {
      const totp = totps.get(accountId);
      if (totp?.secret !== secret || totp.confirmedAt) return false;
      totps.set(accountId, { ...totp, lastStep: step, confirmedAt: at });
      return true;
    }
    async use(accountId: string, step: number) {
      const totp = totps.get(accountId);
      if (!totp?.confirmedAt || totp.lastStep >= step) return false;
      totps.set(accountId, { ...totp, lastStep: step });
      return true;
    }
    async remove(accountId: string) {
      return totps.get(accountId)?.confirmedAt ? totps.delete(accountId) : false;
    }
    async sealClear() {
      return 0;
    }
  }

  const of = (accountId: string) => ({
    totpSince: totps.get(accountId)?.confirmedAt ?? null,
    passkeys: 0,
    recoveryCodes: recoveryCodes.get(accountId)?.length ?? 0,
  });
  function forget(accountId: string): void {
    totps.delete(accountId);
    recoveryCodes.delete(accountId);
  }

  class InMemoryFactors extends Factors {
    async of(accountId: string) {
      return of(accountId);
    }
    async replaceRecoveryCodes(accountId: string, codes: readonly string[]) {
      recoveryCodes.set(accountId, codes.map(typedCode));
    }
    async useRecoveryCode(accountId: string, code: string) {
      const codes = recoveryCodes.get(accountId) ?? [];
      const left = codes.filter((one) => one !== typedCode(code));
      if (left.length === codes.length) return false;
      recoveryCodes.set(accountId, left);
      return true;
    }
    async removeAll(accountId: string) {
      const had = hasFactor(of(accountId));
      forget(accountId);
      return had;
    }
  }

  return {
    totpSecrets: new InMemoryTotpSecrets(),
    factors: new InMemoryFactors(),
    hasFactor: (accountId: string) => hasFactor(of(accountId)),
    forget,
  };
}
