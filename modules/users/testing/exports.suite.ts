/** The suite that every port of exports must pass. */
import { v7 as uuid } from 'uuid';
import { beforeEach, expect, it } from 'vitest';
import { exportPatience, type Exports } from '../domain/exports.ts';

export interface Held {
  readonly exports: Exports;
  /** Lets so many seconds pass. */
  pass(seconds: number): Promise<void>;
}

export function exportsSuite(make: () => Promise<Held>): void {
  let exports: Exports;
  let pass: Held['pass'];
  beforeEach(async () => ({ exports, pass } = await make()));

  it('begin once, however many want to at the same time', async () => {
    const userId = uuid();
    const answers = await Promise.all(Array.from({ length: 8 }, () => exports.begin(userId, uuid())));
    expect(answers.filter((answer) => answer === undefined)).toHaveLength(1);
    for (const answer of answers) expect(answer?.waitFor ?? 1).toBeGreaterThan(0);
    expect(await exports.begin(uuid(), uuid()), 'another person').toBeUndefined();
  });

  it('begin again when the one before has ended', async () => {
    const [userId, first] = [uuid(), uuid()];
    await exports.begin(userId, first);
    await exports.end(userId, uuid());
    expect(await exports.begin(userId, uuid()), 'that was the end of another').toBeDefined();
    await exports.end(userId, first);
    expect(await exports.goOn(userId, first)).toBe(false);
    expect(await exports.begin(userId, uuid())).toBeUndefined();
  });

  it('hold as long as they are read on, and count as broken off a minute later', async () => {
    const [userId, first, second] = [uuid(), uuid(), uuid()];
    await exports.begin(userId, first);
    await pass(exportPatience - 10);
    expect(await exports.goOn(userId, first)).toBe(true);
    await pass(exportPatience - 10);
    expect(await exports.begin(userId, second)).toBeDefined();
    await pass(20);
    expect(await exports.begin(userId, second)).toBeUndefined();
    expect(await exports.goOn(userId, first)).toBe(false);
    expect(await exports.goOn(userId, second)).toBe(true);
  });
}
