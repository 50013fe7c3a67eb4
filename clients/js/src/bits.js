// Bit packing, least significant bit first: section 5 of the protocol.

import { ProtocolError } from "./errors.js";
import { PRIMITIVES } from "./generated/protocol.js";

/** The widths of a `uint`: 2 bits select one, and that many bits follow. */
const UINT_BITS = PRIMITIVES.uint.widths;
const UINT_END = 2 ** 32;
/** Bytes of a writer's first buffer. Most messages fit. */
const FIRST_BYTES = 64;

/** Reads bit fields from bytes. Throws a `ProtocolError` (`Malformed`) when they are cut short. */
export class BitReader {
  #bytes;
  #at;

  /**
   * @param {Uint8Array} bytes What to read.
   * @param {number} [at] The bit to start at.
   */
  constructor(bytes, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** Bits read so far. */
  get at() {
    return this.#at;
  }

  /** Bits not read yet, including the padding of the last byte. */
  get leftBits() {
    return this.#bytes.length * 8 - this.#at;
  }

  /**
   * Reads an unsigned number.
   * @param {number} width Its bits, 0 to 32.
   * @returns {number}
   */
  take(width) {
    if (width > this.leftBits)
      throw new ProtocolError("Malformed", `expected ${width} more bits, found ${this.leftBits}`);
    let value = 0;
    for (let done = 0; done < width;) {
      const offset = this.#at & 7;
      const count = Math.min(8 - offset, width - done);
      const part = (this.#bytes[this.#at >> 3] >> offset) & ((1 << count) - 1);
      value |= part << done;
      done += count;
      this.#at += count;
    }
    // Bit 31 makes a number negative for the operators above.
    return value >>> 0;
  }

  /** Reads a `uint`. */
  takeUint() {
    return this.take(UINT_BITS[this.take(2)]);
  }

  /** Reads whole bytes, from any bit on. */
  takeBytes(count) {
    if (count * 8 > this.leftBits)
      throw new ProtocolError("Malformed", `expected ${count} more bytes, found fewer`);
    const bytes = new Uint8Array(count);
    for (let at = 0; at < count; at += 1) bytes[at] = this.take(8);
    return bytes;
  }

  /** Whether only zero padding of fewer than 8 bits is left, as at the end of well-formed bytes. */
  isAtEnd() {
    const left = this.leftBits;
    return left < 8 && new BitReader(this.#bytes, this.#at).take(left) === 0;
  }
}

/** Appends bit fields to a growing buffer. */
export class BitWriter {
  #bytes = new Uint8Array(FIRST_BYTES);
  #bits = 0;

  /** Bits written so far. */
  get lenBits() {
    return this.#bits;
  }

  /** Bytes needed for the bits written so far. */
  get lenBytes() {
    return (this.#bits + 7) >> 3;
  }

  /**
   * Writes the low `width` bits of an integer. Negative numbers are in two's complement.
   * @param {number} value The number.
   * @param {number} width Its bits, 0 to 32.
   */
  put(value, width) {
    this.#reserve(width);
    for (let done = 0; done < width;) {
      const offset = this.#bits & 7;
      const count = Math.min(8 - offset, width - done);
      const part = (value >>> done) & ((1 << count) - 1);
      this.#bytes[this.#bits >> 3] |= part << offset;
      done += count;
      this.#bits += count;
    }
  }

  /** Writes a `uint` in the shortest width. Throws a `RangeError` for what is not an unsigned number of 32 bits. */
  putUint(value) {
    if (!Number.isInteger(value) || value < 0 || value >= UINT_END) throw new RangeError(`${value} is out of range for uint`);
    const size = UINT_BITS.findIndex((bits) => value < 2 ** bits);
    this.put(size, 2);
    this.put(value, UINT_BITS[size]);
  }

  /** Writes whole bytes, from any bit on. */
  putBytes(bytes) {
    for (const byte of bytes) this.put(byte, 8);
  }

  /** What was written. The last byte is filled up with zeros. */
  toBytes() {
    return this.#bytes.slice(0, this.lenBytes);
  }

  #reserve(bits) {
    const needed = (this.#bits + bits + 7) >> 3;
    if (needed <= this.#bytes.length) return;
    const longer = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    longer.set(this.#bytes);
    this.#bytes = longer;
  }
}
