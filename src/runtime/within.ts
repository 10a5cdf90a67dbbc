import { longestTimer } from '#platform/deadline.ts';

/**
 * Resolves or rejects as `work` does, or after `milliseconds` as `tooLate` returns or throws: work that ignores its signal is not
 * waited for, and its later result is ignored. The one way to wait at most so long.
 */
export function within<T, L>(milliseconds: number, work: Promise<T>, tooLate: () => L): Promise<T | L> {
  let timer: NodeJS.Timeout;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, Math.min(milliseconds, longestTimer)))).then(
    tooLate,
  );
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** A `tooLate` that rejects. */
export const orFail = (error: () => Error) => (): never => {
  throw error();
};
