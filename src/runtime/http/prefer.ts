const longest = 30_000;

/** The milliseconds of `Prefer: wait=5` (RFC 7240), 30 s at most; 0 without. */
export function preferredWait(header: string | readonly string[] | undefined): number {
  if (header === undefined) return 0;
  const seconds = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,6})"?\s*(?:[,;]|$)/i.exec(String(header))?.[1];
  return seconds === undefined ? 0 : Math.min(Number(seconds) * 1000, longest);
}
