// ADR 0070
/**
 * Writes protobuf (https://protobuf.dev/programming-guides/encoding) into one buffer that is used again: general writers make
 * objects for each field or ask for the size of everything first, which costs several times as much.
 */

/** Bytes that may be written after a text before there is another. */
const slack = 128;
const twoToThe32 = 2 ** 32;

export class ProtobufWriter {
  #bytes = Buffer.allocUnsafeSlow(16_384);
  #end = 0;

  /** A copy of what was written since the last time. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#end));
    this.#end = 0;
    return taken;
  }

  /** Begins a message within; `finish` takes what this returns. `room`: bytes for its length, if it is as long as most are. */
  begin(tag: number, room = 1): number {
    this.#bytes[this.#end++] = tag;
    this.#end += room;
    return this.#end;
  }

  finish(begun: number, room = 1): void {
    const length = this.#end - begun;
    const needed = sizeOf(length);
    if (needed !== room) this.#bytes.copyWithin(begun - room + needed, begun, this.#end);
    this.#end = begun - room;
    this.#varint(length);
    this.#end += length;
  }

  text(tag: number, value: string): void {
    const { length } = value;
    this.#ensure(length * 3 + slack);
    const bytes = this.#bytes;
    bytes[this.#end++] = tag;
    let at = this.#end + 1;
    if (length < 128) {
      for (let index = 0; index < length; index++) {
        const code = value.charCodeAt(index);
        if (code > 127) return this.#longText(value);
        bytes[at++] = code;
      }
      bytes[this.#end] = length;
      this.#end = at;
    } else this.#longText(value);
  }

  /** Bytes that are given in lower-case hex. */
  hex(tag: number, value: string): void {
    const bytes = this.#bytes;
    let at = this.#end;
    bytes[at++] = tag;
    bytes[at++] = value.length / 2;
    for (let index = 0; index < value.length; index += 2)
      bytes[at++] = (nibble(value.charCodeAt(index)) << 4) | nibble(value.charCodeAt(index + 1));
    this.#end = at;
  }

  integer(tag: number, value: number): void {
    this.#bytes[this.#end++] = tag;
    this.#varint(value);
  }

  double(tag: number, value: number): void {
    this.#bytes[this.#end++] = tag;
    this.#end = this.#bytes.writeDoubleLE(value, this.#end);
  }

  /** `tag` has two bytes from field 16 on. */
  fixed32(tag: number, value: number): void {
    this.#varint(tag);
    this.#end = this.#bytes.writeUInt32LE(value, this.#end);
  }

  /** A moment in nanoseconds, from milliseconds since 1970; exact to the microsecond. */
  moment(tag: number, milliseconds: number): void {
    const microseconds = Math.round(milliseconds * 1_000);
    const high = Math.floor(microseconds / twoToThe32);
    const low = (microseconds - high * twoToThe32) * 1_000;
    const carried = Math.floor(low / twoToThe32);
    this.#bytes[this.#end++] = tag;
    this.#end = this.#bytes.writeUInt32LE(low - carried * twoToThe32, this.#end);
    this.#end = this.#bytes.writeUInt32LE(high * 1_000 + carried, this.#end);
  }

  raw(value: Buffer): void {
    this.#ensure(value.length + slack);
    this.#end += value.copy(this.#bytes, this.#end);
  }

  #longText(value: string): void {
    this.#varint(Buffer.byteLength(value));
    this.#end += this.#bytes.write(value, this.#end);
  }

  #varint(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.#bytes[this.#end++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#end++] = rest;
  }

  #ensure(room: number): void {
    if (this.#end + room <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#end + room));
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }
}

const nibble = (code: number) => (code < 58 ? code - 48 : code - 87);

/** Bytes of a length. */
const sizeOf = (length: number): number =>
  length < 2 ** 7 ? 1 : length < 2 ** 14 ? 2 : length < 2 ** 21 ? 3 : length < 2 ** 28 ? 4 : 5;
