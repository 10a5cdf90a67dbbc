/**
 * Milliseconds before the next try: a random part of a pause that doubles, so that what failed together does not
 * come back together (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). `attempt` is 1
 * after the first failure.
 */
export const fullJitter = (attempt: number, first: number, longest: number): number =>
  Math.random() * Math.min(longest, first * 2 ** (attempt - 1));
