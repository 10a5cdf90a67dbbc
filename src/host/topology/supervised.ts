/** Reports from a process to the supervisor that started it, if one did. */
export interface Report {
  /** The process serves from now on, at this address. */
  readonly ready: string;
  /** Where it is asked whether it is ready, where that is not at its address. */
  readonly management?: string | undefined;
}

/** False where there is no supervisor. */
export function tellSupervisor(report: Report): boolean {
  if (!process.send || !process.connected) return false;
  // The supervisor may end at this very moment; that it is gone is noticed by itself.
  process.send(report, undefined, undefined, () => {});
  return true;
}

/** Tells whether a supervisor started this process: then it was given all that it may know, and what concerns all was said. */
export const isSupervised = process.send !== undefined;
