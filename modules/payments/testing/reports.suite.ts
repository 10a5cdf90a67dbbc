/** The suite that every store of provider reports must pass. */
import { describe, expect, it } from 'vitest';
import type { Transaction } from '#platform/transaction.ts';
import type { Reports } from '../domain/reports.ts';
import { noon } from './payments.ts';

/** `keep` gives an empty place for each test. */
export function reportsSuite(keep: () => Promise<{ transaction: Transaction; reports: Reports }>): void {
  const report = { id: 'evt_1', type: 'something', reported: undefined };

  describe('reports of providers', () => {
    it('are new once, also when they arrive at the same time', async () => {
      const { transaction, reports } = await keep();
      const receive = () => transaction(() => reports.add('sandbox', report, noon));
      const [first, ...others] = (await Promise.all([receive(), receive(), receive()])).sort().reverse();
      expect([first, ...others]).toEqual([true, false, false]);
      expect(await receive()).toBe(false);
      expect(await reports.add('another provider', report, noon)).toBe(true);
    });

    it('are taken again when their effect failed', async () => {
      const { transaction, reports } = await keep();
      const failing = transaction(async () => {
        await reports.add('sandbox', report, noon);
        throw new Error('broken');
      });
      await expect(failing).rejects.toThrow('broken');
      expect(await reports.add('sandbox', report, noon)).toBe(true);
    });
  });
}
