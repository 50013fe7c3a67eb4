// Values in bits, by the generated tables: fields, components and reliable messages.
//
// What they are in JavaScript: numbers of up to 32 bits are numbers, those of 64 bits `bigint`; a UUID is text. A
// struct is an object of its fields. An enum none of whose variants has fields is the name of its variant; of any
// other, a value is an object of `type`, the name of its variant, and the variant's fields.

import { BitReader, BitWriter } from "./bits.js";
import { ProtocolError } from "./errors.js";
import { COMPONENTS, LAYOUTS, LIMITS, PRIMITIVES, TYPES } from "./generated/protocol.js";
import { Layout } from "./layout.js";
import { primitive } from "./primitives.js";

/** Maximum bytes of a message that is sent in parts. */
export const MAX_SPLIT_BYTES = LIMITS.parts * LIMITS.part_bytes;

/**
 * How a value of one type is packed.
 * @typedef {{ read: (from: BitReader) => any, write: (out: BitWriter, value: any) => void }} Codec
 */

const codecs = new Map();
const layouts = new Map();

/**
 * The codec of a type, as the tables name it: a primitive, a type, a layout, `option<T>` or `list<T>`.
 * @param {string} type
 * @returns {Codec}
 */
export function codecOf(type) {
  let codec = codecs.get(type);
  if (!codec) {
    codec = makeCodec(type);
    codecs.set(type, codec);
  }
  return codec;
}

/**
 * A layout by its name; null where that is no layout's.
 * @param {string} name
 * @returns {Layout | null}
 */
export function layoutOf(name) {
  if (!LAYOUTS[name]) return null;
  let layout = layouts.get(name);
  if (!layout) {
    layout = new Layout(LAYOUTS[name], { codecOf, layoutOf, componentCodecs });
    layouts.set(name, layout);
  }
  return layout;
}

function makeCodec(type) {
  const [, outer, inner] = /^(option|list)<(.+)>$/.exec(type) ?? [];
  if (outer === "option") return option(codecOf(inner));
  if (outer === "list") return list(codecOf(inner));
  if (PRIMITIVES[type]) return primitive(type);
  if (LAYOUTS[type]) return layoutOf(type);
  if (!TYPES[type]) throw new TypeError(`unknown protocol type: ${type}`);
  return TYPES[type].struct ? struct(TYPES[type].struct) : enumeration(type, TYPES[type].enum);
}

function option(inner) {
  return {
    read: (from) => (from.take(1) === 1 ? inner.read(from) : null),
    write(out, value) {
      const isThere = value !== null && value !== undefined;
      out.put(isThere ? 1 : 0, 1);
      if (isThere) inner.write(out, value);
    },
  };
}

function list(inner) {
  return {
    read(from) {
      const count = from.takeUint();
      // Each value has a bit at least, so a lying count is found out before anything is made for it.
      if (count > from.leftBits) throw new ProtocolError("Malformed", `expected ${count} more values, found fewer`);
      const values = [];
      for (let at = 0; at < count; at += 1) values.push(inner.read(from));
      return values;
    },
    write(out, values) {
      out.putUint(values.length);
      for (const value of values) inner.write(out, value);
    },
  };
}

/** Fields in their order. They are looked up late, since types name each other. */
function struct(fields) {
  const names = Object.keys(fields);
  let inner;
  const prepared = () => (inner ??= names.map((name) => [name, codecOf(fields[name])]));
  return {
    read: (from) => readInto({}, prepared(), from),
    write(out, value) {
      for (const [name, codec] of prepared()) codec.write(out, value[name]);
    },
  };
}

function readInto(value, fields, from) {
  for (const [name, codec] of fields) value[name] = codec.read(from);
  return value;
}

function enumeration(type, variants) {
  const isTagged = variants.some(({ fields }) => Object.keys(fields).length > 0);
  const byId = new Map(variants.map((variant) => [variant.id, { ...variant, body: struct(variant.fields) }]));
  const byName = new Map([...byId.values()].map((variant) => [variant.name, variant]));
  return {
    read(from) {
      const id = from.takeUint();
      const variant = byId.get(id);
      if (!variant) throw new ProtocolError("Malformed", `unknown variant of ${type}: ${id}`);
      return isTagged ? { type: variant.name, ...variant.body.read(from) } : variant.name;
    },
    write(out, value) {
      const variant = byName.get(isTagged ? value?.type : value);
      if (!variant) throw new TypeError(`unknown variant of ${type}: ${isTagged ? value?.type : value}`);
      out.putUint(variant.id);
      if (isTagged) variant.body.write(out, value);
    },
  };
}

let componentList;

/** The components by their bit in a mask, each with its name and its codec. */
export function componentCodecs() {
  componentList ??= new Map(COMPONENTS.map(({ id, name, fields }) => [id, { name, codec: struct(fields) }]));
  return componentList;
}

/**
 * Encodes a reliable message. Throws a `ProtocolError` (`TooLong`) when it is longer than one may be.
 * @param {"ClientMessage" | "ServerMessage"} type Whose message it is.
 * @param {object} message
 * @returns {Uint8Array}
 */
export function encodeReliable(type, message) {
  return encode(type, message, LIMITS.reliable_bytes);
}

/** Encodes a message that may be too long for one reliable message: the caller splits it into parts. */
export function encodeSplit(type, message) {
  return encode(type, message, MAX_SPLIT_BYTES);
}

/**
 * Decodes a reliable message. Throws a `ProtocolError` unless the bytes are exactly one.
 * @param {"ClientMessage" | "ServerMessage"} type Whose message it is.
 * @param {Uint8Array} bytes
 * @returns {object}
 */
export function decodeReliable(type, bytes) {
  return decode(type, bytes, LIMITS.reliable_bytes);
}

/** Decodes a message that was reassembled from its parts. */
export function decodeSplit(type, bytes) {
  return decode(type, bytes, MAX_SPLIT_BYTES);
}

function encode(type, message, limit) {
  const out = new BitWriter();
  codecOf(type).write(out, message);
  if (out.lenBytes > limit) throw new ProtocolError("TooLong", `a message of ${out.lenBytes} bytes exceeds the limit of ${limit}`);
  return out.toBytes();
}

function decode(type, bytes, limit) {
  if (bytes.length > limit) throw new ProtocolError("TooLong", `a message of ${bytes.length} bytes exceeds the limit of ${limit}`);
  const from = new BitReader(bytes);
  const message = codecOf(type).read(from);
  if (!from.isAtEnd()) throw new ProtocolError("Trailing", "unexpected data after the message");
  return message;
}
