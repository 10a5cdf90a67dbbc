import type { z } from 'zod';
import type { ExportPart as ExportPartSchema } from '../contract.ts';

export type ExportPart = z.output<typeof ExportPartSchema>;

/** Which people's data is being exported: one export of a person at a time, in whichever process. */
export abstract class Exports {
  /** Begins one unless another is under way; then answers the seconds until that one counts as broken off. */
  abstract begin(userId: string, exportId: string): Promise<{ readonly waitFor: number } | undefined>;

  /** Gives it its time anew; false when it has ended, or another one began after it was broken off. */
  abstract goOn(userId: string, exportId: string): Promise<boolean>;

  abstract end(userId: string, exportId: string): Promise<void>;
}

/** Seconds from one page to the next, after which an export counts as broken off. */
export const exportPatience = 60;
