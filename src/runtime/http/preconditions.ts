/** Entity tags (RFC 9110, 8.8.3): the version of a thing in quotes. */
import { httpErrors } from './http-errors.ts';

/** Versions are kept in columns of four bytes. */
const highestVersion = 2 ** 31 - 1;

export const entityTag = (version: number) => `"${version}"`;

/**
 * The version that `If-Match` names; undefined without the header and for `*`. A tag that no version can have, or a
 * weak one, matches nothing.
 */
export function ifMatchVersion(header: string | undefined): number | undefined {
  if (header === undefined || header.trim() === '*') return undefined;
  if (/",\s*(W\/)?"/.test(header)) throw httpErrors.invalidHeader('If-Match can name one version only.');
  const version = Number(/^\s*"([1-9]\d{0,9})"\s*$/.exec(header)?.[1]);
  if (!(version <= highestVersion)) throw httpErrors.preconditionFailed();
  return version;
}
