import { brotliCompressSync, constants } from 'node:zlib';

/** Two levels below the best, which takes twenty times as long for a quarter of a megabyte less. */
export const compressed = (content: string | Uint8Array): Buffer =>
  brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } });
