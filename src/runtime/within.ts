/**
 * Resolves as `work` does, or rejects after `milliseconds`: work that ignores its signal is not waited for, and its
 * later result is ignored.
 */
export function within<T>(milliseconds: number, work: Promise<T>, tooLate: () => Error): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooLate()), milliseconds);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
