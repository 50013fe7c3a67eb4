// The primitive types: numbers, truth, text and UUIDs.

import { ProtocolError } from "./errors.js";
import { PRIMITIVES } from "./generated/protocol.js";

const UTF8_WRITER = new TextEncoder();
// The first character of a text may be a byte order mark, and is not to be swallowed.
const UTF8_READER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const LOW_32 = 0xffffffffn;

/**
 * The codec of a primitive type.
 * @param {string} type Its name in the table of primitives.
 * @returns {import("./codec.js").Codec}
 */
export function primitive(type) {
  const { bits, widths, uints, bytes, zigzag } = PRIMITIVES[type];
  if (type === "bool") return BOOL;
  if (bits) return fixed(type, bits);
  if (widths) return { read: (from) => from.takeUint(), write: (out, value) => out.putUint(value) };
  if (uints === 2) return wide(type, zigzag === true);
  if (uints) return zigzag ? signed(type) : unsigned(type);
  return bytes ? uuid(bytes) : TEXT;
}

const BOOL = {
  read: (from) => from.take(1) === 1,
  write(out, value) {
    if (typeof value !== "boolean") throw new TypeError(`expected true or false, found ${value}`);
    out.put(value ? 1 : 0, 1);
  },
};

/** `count` of bits that a value is written in, whatever it is. */
function fixed(type, count) {
  return {
    read: (from) => from.take(count),
    write(out, value) {
      out.put(within(type, value, 0, 2 ** count), count);
    },
  };
}

function unsigned(type) {
  const end = 2 ** Number(type.slice(1));
  return {
    read: (from) => legal(type, from.takeUint(), end),
    write: (out, value) => out.putUint(within(type, value, 0, end)),
  };
}

function signed(type) {
  const half = 2 ** (Number(type.slice(1)) - 1);
  return {
    read(from) {
      const zigzag = legal(type, from.takeUint(), half * 2);
      return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    },
    write(out, value) {
      within(type, value, -half, half);
      out.putUint(value < 0 ? -2 * value - 1 : 2 * value);
    },
  };
}

/** 64 bits, the low half first. */
function wide(type, isSigned) {
  const [least, end] = isSigned ? [-(2n ** 63n), 2n ** 63n] : [0n, 2n ** 64n];
  return {
    read(from) {
      const low = BigInt(from.takeUint());
      const whole = low | (BigInt(from.takeUint()) << 32n);
      if (!isSigned) return whole;
      return whole & 1n ? -((whole + 1n) / 2n) : whole / 2n;
    },
    write(out, value) {
      // A whole number is taken too: nobody should have to write `gold: 5n`.
      const number = typeof value === "bigint" ? value : BigInt(whole(type, value));
      if (number < least || number >= end) throw new RangeError(`${number} is out of range for ${type}`);
      const packed = !isSigned ? number : number < 0n ? -2n * number - 1n : 2n * number;
      out.putUint(Number(packed & LOW_32));
      out.putUint(Number(packed >> 32n));
    },
  };
}

function uuid(bytes) {
  return {
    read(from) {
      const hex = Array.from(from.takeBytes(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
      return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
    },
    write(out, value) {
      if (!UUID.test(value)) throw new TypeError(`${value} is not a UUID`);
      for (const byte of value.replaceAll("-", "").match(/../g)) out.put(parseInt(byte, 16), 8);
    },
  };
}

const TEXT = {
  read(from) {
    const count = from.takeUint();
    const bytes = from.takeBytes(count);
    try {
      return UTF8_READER.decode(bytes);
    } catch {
      throw new ProtocolError("Malformed", "text is not valid UTF-8");
    }
  },
  write(out, value) {
    if (typeof value !== "string") throw new TypeError(`expected a string, found ${value}`);
    const bytes = UTF8_WRITER.encode(value);
    out.putUint(bytes.length);
    out.putBytes(bytes);
  },
};

function whole(type, value) {
  if (!Number.isSafeInteger(value)) throw new RangeError(`expected an integer for ${type}, found ${value}`);
  return value;
}

/** A value that is to be written, if its type holds it. */
function within(type, value, least, end) {
  if (whole(type, value) < least || value >= end) throw new RangeError(`${value} is out of range for ${type}`);
  return value;
}

/** A value that was read, if its type holds it. */
function legal(type, value, end) {
  if (value >= end) throw new ProtocolError("Malformed", `${value} is out of range for ${type}`);
  return value;
}
