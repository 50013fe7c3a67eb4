// A second implementation of the protocol, from docs/protocol.md and its schema alone. Checks every golden vector, both
// ways.
//
//   node vectors.mjs <folder of vectors> <docs/protocol.json> <the same of the map link>
//
// No dependencies. On failure it exits with 1 and lists the differences.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync } from "node:crypto";
import { isDeepStrictEqual } from "node:util";

const [folder, gamePath, linkPath] = process.argv.slice(2);
const game = JSON.parse(readFileSync(gamePath, "utf8"));
const link = JSON.parse(readFileSync(linkPath, "utf8"));
const toHex = (bytes) => Buffer.from(bytes).toString("hex");
const fromHex = (hex) => new Uint8Array(Buffer.from(hex, "hex"));

const failures = [];
let checks = 0;

function same(name, found, expected) {
  checks += 1;
  if (!isDeepStrictEqual(found, expected)) {
    const shown = (value) => String(JSON.stringify(value)).slice(0, 300);
    failures.push(`${name}: ${shown(found)} instead of ${shown(expected)}`);
  }
}

function each(file, check) {
  const vectors = JSON.parse(readFileSync(join(folder, `${file}.json`), "utf8"));
  for (const { name, value, hex } of vectors) {
    try {
      check(`${file}/${name}`, value, hex);
    } catch (error) {
      failures.push(`${file}/${name}: ${error.stack}`);
    }
  }
}

// --- Section 5: bits ---

class BitWriter {
  bytes = [];
  bits = 0;

  put(value, width) {
    let left = BigInt(value);
    for (let bit = 0; bit < width; bit += 1, left >>= 1n, this.bits += 1) {
      if (this.bits % 8 === 0) this.bytes.push(0);
      if (left & 1n) this.bytes[this.bytes.length - 1] |= 1 << (this.bits % 8);
    }
  }
}

class BitReader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  take(width) {
    let value = 0;
    for (let bit = 0; bit < width; bit += 1, this.at += 1) {
      if (this.at >= this.bytes.length * 8) throw new Error("cut short");
      if ((this.bytes[this.at >> 3] >> (this.at & 7)) & 1) value += 2 ** bit;
    }
    return value;
  }

  end() {
    const left = this.bytes.length * 8 - this.at;
    if (left >= 8 || this.take(left) !== 0) throw new Error("something follows the end");
  }
}

class ByteReader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  take(count) {
    if (this.at + count > this.bytes.length) throw new Error("cut short");
    return this.bytes.subarray(this.at, (this.at += count));
  }

  little(count) {
    return this.take(count).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
  }

  integer() {
    const first = this.take(1)[0];
    if (first < 251) return BigInt(first);
    if (first > 253) throw new Error(`no integer begins with ${first}`);
    return this.little(2 ** (first - 250));
  }
}

const PRIMITIVES = game.primitives;
const UINT_BITS = PRIMITIVES.uint.widths;
const inside = (kind, outer) => (kind.startsWith(`${outer}<`) ? kind.slice(outer.length + 1, -1) : null);
/** A number where it is exact, else its digits. */
const plain = (value) => (value <= 1n << 53n ? Number(value) : value.toString());
const uuidText = (bytes) => toHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
const zigzag = (value) => (value < 0 ? -2n * BigInt(value) - 1n : 2n * BigInt(value));
const unzigzag = (value) => (value & 1n ? -(value + 1n) / 2n : value / 2n);

function putUint(out, value) {
  const size = UINT_BITS.findIndex((bits) => Number(value) < 2 ** bits);
  out.put(size, 2);
  out.put(value, UINT_BITS[size]);
}

const takeUint = (from) => from.take(UINT_BITS[from.take(2)]);

function putPrimitive(out, kind, value) {
  const { bits, widths, uints, zigzag: signed, bytes } = PRIMITIVES[kind];
  if (bits) return out.put(value === true ? 1 : value || 0, bits);
  if (widths) return putUint(out, value);
  if (bytes) return fromHex(value.replaceAll("-", "")).forEach((byte) => out.put(byte, 8));
  if (uints) {
    const whole = signed ? zigzag(value) : BigInt(value);
    for (let part = 0; part < uints; part += 1) putUint(out, (whole >> BigInt(32 * part)) & 0xffffffffn);
    return undefined;
  }
  const utf8 = Buffer.from(value, "utf8");
  putUint(out, utf8.length);
  utf8.forEach((byte) => out.put(byte, 8));
}

function takePrimitive(from, kind) {
  const { bits, widths, uints, zigzag: signed, bytes } = PRIMITIVES[kind];
  const text = (count) => Uint8Array.from({ length: count }, () => from.take(8));
  if (kind === "bool") return from.take(bits) === 1;
  if (bits) return from.take(bits);
  if (widths) return takeUint(from);
  if (bytes) return uuidText(text(bytes));
  if (uints) {
    let whole = 0n;
    for (let part = 0; part < uints; part += 1) whole |= BigInt(takeUint(from)) << BigInt(32 * part);
    return plain(signed ? unzigzag(whole) : whole);
  }
  return Buffer.from(text(takeUint(from))).toString("utf8");
}

function putField(out, kind, value) {
  const optional = inside(kind, "option");
  const list = inside(kind, "list");
  if (optional) {
    out.put(value === null ? 0 : 1, 1);
    if (value !== null) putField(out, optional, value);
  } else if (list) {
    putUint(out, value.length);
    value.forEach((item) => putField(out, list, item));
  } else if (PRIMITIVES[kind]) {
    putPrimitive(out, kind, value);
  } else if (game.layouts[kind]) {
    putLayout(out, kind, value, []);
  } else if (game.types[kind].struct) {
    game.types[kind].struct.forEach((field) => putField(out, field.type, value[field.name]));
  } else {
    const name = typeof value === "string" ? value : Object.keys(value)[0];
    const variant = game.types[kind].enum.find((one) => one.name === name);
    putUint(out, variant.id);
    variant.fields.forEach((field) => putField(out, field.type, value[name][field.name]));
  }
}

function takeField(from, kind) {
  const optional = inside(kind, "option");
  const list = inside(kind, "list");
  if (optional) return from.take(1) ? takeField(from, optional) : null;
  if (list) return Array.from({ length: takeUint(from) }, () => takeField(from, list));
  if (PRIMITIVES[kind]) return takePrimitive(from, kind);
  if (game.layouts[kind]) return takeLayout(from, kind, []);
  const read = (fields) => Object.fromEntries(fields.map((f) => [f.name, takeField(from, f.type)]));
  const shape = game.types[kind];
  if (!shape) throw new Error(`no bit field ${kind}`);
  if (shape.struct) return read(shape.struct);
  const number = takeUint(from);
  const { name, fields } = shape.enum.find((variant) => variant.id === number);
  return fields.length === 0 ? name : { [name]: read(fields) };
}

// --- Sections 6 and 7: layouts, as protocol.json has them ---

/** The value of a path like "newest.tick" in the nearest of these scopes that has its beginning. */
function known(path, scopes) {
  const [first, ...rest] = path.split(".");
  const scope = scopes.find((one) => first in one);
  if (!scope) throw new Error(`nothing is known as ${path}`);
  return rest.reduce((value, name) => value[name], scope[first]);
}

function isThere({ when }, values) {
  if (!when) return true;
  const value = Number(values[when.field] ?? 0);
  return when.has === undefined ? when.is.includes(value) : (value & when.has) !== 0;
}

/** The number with these low bits that is nearest to another. */
function nearest(low, width, other) {
  const size = 2 ** width;
  const apart = (((low - other) % size) + size) % size;
  return other + (apart >= size / 2 ? apart - size : apart);
}

function putPart(out, field, value, scopes, before) {
  const { type, step = 1 } = field;
  const [bits, signed, low] = ["bits", "signed", "low"].map((outer) => Number(inside(type, outer)));
  if (bits) return out.put(value, bits);
  if (signed) return out.put(BigInt.asUintN(signed, BigInt(value)), signed);
  if (low) return out.put(BigInt.asUintN(low, BigInt(Math.floor((value + step / 2) / step))), low);
  if (type === "ascending") return putUint(out, value - before);
  if (type === "components") return putComponents(out, scopes[0], value);
  const layout = inside(type, "option") ?? type;
  if (!game.layouts[layout]) return putField(out, type, value);
  if (layout !== type) out.put(value === null ? 0 : 1, 1);
  return value === null ? undefined : putLayout(out, layout, value, scopes, before);
}

const putLayout = (out, name, ...rest) => putFields(out, game.layouts[name], ...rest);
const takeLayout = (from, name, ...rest) => takeFields(from, game.layouts[name], ...rest);

function putFields(out, fields, values, outer, before = 0) {
  for (const field of fields.filter((one) => isThere(one, values))) {
    const { name: called, times } = field;
    if (!times) {
      putPart(out, field, values[called], [values, ...outer], before);
      continue;
    }
    let last = 0;
    for (const value of values[called]) {
      putPart(out, field, value, [values, ...outer], last);
      last = value.entity ?? value;
    }
  }
}

function takePart(from, field, scopes, before) {
  const { type, near, step = 1 } = field;
  const [bits, signed, low] = ["bits", "signed", "low"].map((outer) => Number(inside(type, outer)));
  if (bits) return from.take(bits);
  if (signed) return Number(BigInt.asIntN(signed, BigInt(from.take(signed))));
  if (low) return nearest(from.take(low) * step, low + Math.log2(step), known(near, scopes));
  if (type === "ascending") return before + takeUint(from);
  if (type === "components") return takeComponents(from, scopes[0]);
  const layout = inside(type, "option") ?? type;
  if (!game.layouts[layout]) return takeField(from, type);
  return layout !== type && !from.take(1) ? null : takeLayout(from, layout, scopes, before);
}

function takeFields(from, fields, outer, before = 0) {
  const values = {};
  for (const field of fields) {
    if (!isThere(field, values)) continue;
    const { name: called, times } = field;
    let last = 0;
    const item = () => {
      const value = takePart(from, field, [values, ...outer], last);
      last = value?.entity ?? value;
      return value;
    };
    if (times) values[called] = Array.from({ length: values[times] }, item);
    else values[called] = takePart(from, field, [values, ...outer], before);
  }
  return values;
}

const componentsOf = (mask) => game.components.filter(({ id }) => (mask >> id) & 1).sort((a, b) => a.id - b.id);
const takeComponent = (from, { fields }) => Object.fromEntries(fields.map((f) => [f.name, takeField(from, f.type)]));
const putComponent = (out, { fields }, value) => fields.forEach((f) => putField(out, f.type, value[f.name]));

function putComponents(out, { mask, is_new }, components) {
  for (const one of componentsOf(mask)) {
    const value = components[one.name];
    if (!is_new) out.put(value === null ? 0 : 1, 1);
    if (value !== null) putComponent(out, one, value);
  }
}

function takeComponents(from, { mask, is_new }) {
  const read = (one) => (is_new || from.take(1) ? takeComponent(from, one) : null);
  return Object.fromEntries(componentsOf(mask).map((one) => [one.name, read(one)]));
}

each("bit_fields", (name, { kind, bits, value }, hex) => {
  const out = new BitWriter();
  putField(out, kind, value);
  same(name, [toHex(out.bytes), out.bits], [hex, bits]);
  const from = new BitReader(fromHex(hex));
  same(name, takeField(from, kind), value);
  from.end();
});

const GOING = ["Stands", "Ahead", "Drifts"];

/** A course of the vectors as the layout's fields, and back. */
function courseFields({ position, facing, going }) {
  const kind = typeof going === "string" ? going : Object.keys(going)[0];
  const [dx, dy] = going.Drifts ?? [];
  return { going: GOING.indexOf(kind), facing, ...position, units_per_tick: going.Ahead, dx, dy };
}

function courseOf({ going, facing, x, y, units_per_tick, dx, dy }) {
  if (going >= GOING.length) throw new Error("no such way of going");
  const ways = ["Stands", { Ahead: units_per_tick }, { Drifts: [dx, dy] }];
  return { position: { x, y }, facing, going: ways[going] };
}

each("courses", (name, { near: position, bits, value }, hex) => {
  const out = new BitWriter();
  putLayout(out, "Course", courseFields(value), []);
  same(name, [toHex(out.bytes), out.bits], [hex, bits]);
  const from = new BitReader(fromHex(hex));
  same(name, courseOf(takeLayout(from, "Course", [{ position }])), value);
  from.end();
});

each("components", (name, { id, component: called, bits, fields }, hex) => {
  const one = game.components.find((one) => one.id === id);
  same(name, one.name, called);
  const out = new BitWriter();
  putComponent(out, one, fields);
  same(name, [toHex(out.bytes), out.bits], [hex, bits]);
  same(name, takeComponent(new BitReader(fromHex(hex)), one), fields);
});

// --- Section 6: payloads and client frames ---

const VERSION = game.datagram_version;
const FLAGS = Object.fromEntries(game.flags["Payload.flags"].map(({ name, value }) => [name, value]));
/** What stands before a snapshot or an input, which fills the rest. */
const HEAD = game.layouts.Payload.slice(0, -2);

function sealPayload({ ack = null, first = null, messages = [], snapshot = null, input = null }) {
  let flags = 0;
  if (ack) flags |= FLAGS.acknowledgement | (ack.gaps ? FLAGS.gaps : 0);
  if (messages.length > 0) flags |= FLAGS.messages;
  if (snapshot !== null) flags |= FLAGS.snapshot;
  if (input !== null) flags |= FLAGS.input;
  const list = messages.map((hex) => ({ length: hex.length / 2, bytes: [...fromHex(hex)] }));
  const out = new BitWriter();
  putFields(out, HEAD, { version: VERSION, flags, ...ack, count: list.length, first, messages: list }, []);
  return [...out.bytes, ...fromHex(snapshot ?? input ?? "")];
}

function openPayload(bytes) {
  if (bytes.length > game.limits.payload_bytes) throw new Error("too long");
  const from = new BitReader(bytes);
  const { version, flags, next, gaps = 0, first = null, count, messages = [] } = takeFields(from, HEAD, []);
  const has = (name) => (flags & FLAGS[name]) !== 0;
  if (version !== VERSION) throw new Error("another version");
  const illegal = (has("snapshot") && has("input")) || (has("gaps") && !has("acknowledgement"));
  if (flags === 0 || flags > 31 || illegal) throw new Error("illegal flags");
  if (count === 0) throw new Error("no message");
  if (messages.some(({ length }) => length === 0 || length > game.limits.reliable_bytes)) {
    throw new Error("a message of an illegal length");
  }
  const rest = toHex(bytes.subarray(from.at / 8));
  const [snapshot, input] = ["snapshot", "input"].map((name) => (has(name) ? rest : null));
  if (snapshot === null && input === null && rest !== "") throw new Error("something follows the end");
  const ack = has("acknowledgement") ? { next, gaps } : null;
  return { ack, first, messages: messages.map((one) => toHex(one.bytes)), snapshot, input };
}

const AIMS = [null, "entity", "point", "direction"];
const AIM_NAMES = ["None", "Entity", "Point", "Direction"];

function actionFields({ slot, aim, seen }) {
  const kind = AIM_NAMES.indexOf(typeof aim === "string" ? aim : Object.keys(aim)[0]);
  return { slot, aim: kind, seen, ...(kind > 0 && { [AIMS[kind]]: aim[AIM_NAMES[kind]] }) };
}

function actionOf({ slot, aim, seen, ...at }) {
  return { slot, aim: aim === 0 ? "None" : { [AIM_NAMES[aim]]: at[AIMS[aim]] }, seen };
}

function sealClientFrame({ ack, commands }) {
  const out = new BitWriter();
  const list = commands.map(({ heading, action }) => ({ heading, action: action && actionFields(action) }));
  const frame = { ...ack, count: commands.length, first: commands[0]?.number, commands: list };
  putLayout(out, "ClientFrame", frame, []);
  return sealPayload({ input: toHex(out.bytes) });
}

function openClientFrame(bytes) {
  const from = new BitReader(fromHex(openPayload(bytes).input));
  const { newest, before, first, commands } = takeLayout(from, "ClientFrame", []);
  from.end();
  const list = commands.map(({ heading, action }, at) => {
    return { number: first + at, heading, action: action && actionOf(action) };
  });
  return { ack: { newest, before }, commands: list };
}

each("client_frames", (name, value, hex) => {
  same(name, toHex(sealClientFrame(value)), hex);
  same(name, openClientFrame(fromHex(hex)), value);
});

// --- Section 7: server frames ---

function updateFields({ entity, is_new, course, components }) {
  const told = game.components.filter((one) => one.name in components);
  const mask = told.reduce((all, { id }) => all | (1 << id), 0);
  return { entity, is_new, course: course && courseFields(course), has_components: mask !== 0, mask, components };
}

function updateOf({ entity, is_new, course, components = {} }) {
  return { entity, is_new, course: course && courseOf(course), components };
}

function sealServerFrame({ own, despawns, entities, ...head }) {
  const out = new BitWriter();
  const counts = { has_despawns: despawns.length > 0, despawn_count: despawns.length, entity_count: entities.length };
  const frame = { ...head, ...own, ...counts, despawns, entities: entities.map(updateFields) };
  putLayout(out, "Snapshot", frame, []);
  return sealPayload({ snapshot: toHex(out.bytes) });
}

function openServerFrame(bytes, newest) {
  const from = new BitReader(fromHex(openPayload(bytes).snapshot));
  const { tick, last_command, buffered_commands, position, facing, despawns = [], entities } = takeLayout(from, "Snapshot", [
    { newest },
  ]);
  from.end();
  const own = { position, facing };
  return { newest, tick, last_command, buffered_commands, own, despawns, entities: entities.map(updateOf) };
}

each("server_frames", (name, value, hex) => {
  same(name, toHex(sealServerFrame(value)), hex);
  same(name, openServerFrame(fromHex(hex), value.newest), value);
});

each("acknowledgements", (name, { applied, newest, before, acknowledged }, hex) => {
  let ack = { newest: 0, before: 0 };
  for (const tick of applied) {
    const apart = tick - ack.newest;
    const earlier = ack.newest === 0 ? 0 : ack.before * 2 + 1;
    ack = { newest: tick, before: apart > 32 ? 0 : Number(BigInt.asUintN(32, BigInt(earlier) << BigInt(apart - 1))) };
  }
  same(name, ack, { newest, before });
  const bits = Array.from({ length: 32 }, (_, bit) => bit).filter((bit) => Math.floor(before / 2 ** bit) % 2 === 1);
  same(name, newest === 0 ? [] : [newest, ...bits.map((bit) => newest - 1 - bit)], acknowledged);
  const out = new BitWriter();
  putUint(out, newest);
  out.put(before, 32);
  same(name, toHex(out.bytes), hex);
});

// --- Section 10: messages ---

function encode(kind, value) {
  const out = new BitWriter();
  putField(out, kind, value);
  return out.bytes;
}

function decode(kind, bytes) {
  const from = new BitReader(bytes);
  const value = takeField(from, kind);
  from.end();
  return value;
}

for (const [file, kind] of [["client_messages", "ClientMessage"], ["server_messages", "ServerMessage"]]) {
  each(file, (name, value, hex) => {
    same(name, toHex(encode(kind, value)), hex);
    same(name, decode(kind, fromHex(hex)), value);
  });
}

// --- docs/link.md: bincode ---

const INTEGERS = ["u16", "u32", "u64"];
const SIGNED = ["i32", "i64"];

function putInteger(out, number) {
  const value = BigInt(number);
  if (value < 251n) return out.push(Number(value));
  const [marker, bytes] = value < 1n << 16n ? [251, 2] : value < 1n << 32n ? [252, 4] : [253, 8];
  out.push(marker);
  for (let at = 0; at < bytes; at += 1) out.push(Number((value >> BigInt(8 * at)) & 255n));
}

function putValue(out, { types }, kind, value) {
  const optional = inside(kind, "option");
  const list = inside(kind, "list");
  if (optional) {
    out.push(value === null ? 0 : 1);
    if (value !== null) putValue(out, { types }, optional, value);
  } else if (list) {
    putInteger(out, value.length);
    value.forEach((item) => putValue(out, { types }, list, item));
  } else if (kind === "u8") out.push(value);
  else if (kind === "bool") out.push(value ? 1 : 0);
  else if (INTEGERS.includes(kind)) putInteger(out, value);
  else if (SIGNED.includes(kind)) putInteger(out, zigzag(value));
  else if (kind === "uuid") out.push(...fromHex(value.replaceAll("-", "")));
  else if (kind === "text") {
    const utf8 = Buffer.from(value, "utf8");
    putInteger(out, utf8.length);
    out.push(...utf8);
  } else if (types[kind].struct) {
    types[kind].struct.forEach((field) => putValue(out, { types }, field.type, value[field.name]));
  } else {
    const name = typeof value === "string" ? value : Object.keys(value)[0];
    const variant = types[kind].enum.find((one) => one.name === name);
    putInteger(out, variant.id);
    variant.fields.forEach((field) => putValue(out, { types }, field.type, value[name][field.name]));
  }
}

function takeValue(from, schema, kind) {
  const optional = inside(kind, "option");
  const list = inside(kind, "list");
  if (optional) return from.take(1)[0] === 0 ? null : takeValue(from, schema, optional);
  if (list) return Array.from({ length: Number(from.integer()) }, () => takeValue(from, schema, list));
  if (kind === "u8") return from.take(1)[0];
  if (kind === "bool") return from.take(1)[0] === 1;
  if (INTEGERS.includes(kind)) return plain(from.integer());
  if (SIGNED.includes(kind)) return Number(unzigzag(from.integer()));
  if (kind === "uuid") return uuidText(from.take(16));
  if (kind === "text") return Buffer.from(from.take(Number(from.integer()))).toString("utf8");
  const read = (fields) => Object.fromEntries(fields.map((f) => [f.name, takeValue(from, schema, f.type)]));
  const shape = schema.types[kind];
  if (shape.struct) return read(shape.struct);
  const number = Number(from.integer());
  const { name, fields } = shape.enum.find((variant) => variant.id === number);
  return fields.length === 0 ? name : { [name]: read(fields) };
}

for (const [file, kind] of [["link_from_map", "FromMap"], ["link_to_map", "ToMap"]]) {
  each(file, (name, value, hex) => {
    const out = [];
    putValue(out, link, kind, value);
    same(name, toHex(out), hex);
    const from = new ByteReader(fromHex(hex));
    same(name, takeValue(from, link, kind), value);
    if (from.at !== from.bytes.length) throw new Error("bytes follow the message");
  });
}

// --- Section 11: parts ---

each("parts", (name, { parts }, hex) => {
  const content = fromHex(hex);
  const count = Math.ceil(content.length / 900);
  const made = Array.from({ length: count }, (_, index) => {
    const bytes = [...content.subarray(index * 900, (index + 1) * 900)];
    return toHex(encode("ServerMessage", { Part: { index, count, bytes } }));
  });
  same(name, made, parts);
  const joined = parts.flatMap((part) => decode("ServerMessage", fromHex(part)).Part.bytes);
  same(name, toHex(joined), hex);
  same(name, Object.keys(decode("ServerMessage", fromHex(toHex(joined)))), ["Chat"]);
});

// --- Section 9: reliable messages ---

each("reliable", (name, value, hex) => {
  same(name, toHex(sealPayload(value)), hex);
  same(name, openPayload(fromHex(hex)), value);
});

/** One end's receiving half. */
class Receiver {
  early = new Map();

  constructor(next) {
    this.next = next;
  }

  /** The messages that can be handed on now. */
  take({ first, messages }) {
    // Of the ids with these low bits, the one nearest to the next expected id.
    let id = this.next + ((first - this.next + 0x8000) & 0xffff) - 0x8000;
    for (const message of messages) {
      if (id >= this.next + 64) throw new Error("outside the window");
      if (id >= this.next) this.early.set(id, message);
      id += 1;
    }
    const handedOn = [];
    for (; this.early.has(this.next); this.next += 1) {
      handedOn.push(this.early.get(this.next));
      this.early.delete(this.next);
    }
    return handedOn;
  }

  ack() {
    const bits = Array.from({ length: 32 }, (_, bit) => bit).filter((bit) => this.early.has(this.next + 1 + bit));
    return { next: this.next & 0xffff, gaps: bits.reduce((gaps, bit) => gaps + 2 ** bit, 0) };
  }
}

each("reliable_receiving", (name, { before, received, handed_on }, hex) => {
  const receiver = new Receiver(before);
  const made = received.flatMap((payload) => receiver.take(openPayload(fromHex(payload))));
  same(name, made, handed_on);
  same(name, toHex(sealPayload({ ack: receiver.ack() })), hex);
});

// --- Section 10: a session ---

let newest = { tick: 900, last_command: 0 };
each("session", (name, { from }, hex) => {
  const payload = openPayload(fromHex(hex));
  same(name, toHex(sealPayload(payload)), hex);
  for (const message of payload.messages) {
    const kind = from === "client" ? "ClientMessage" : "ServerMessage";
    same(name, toHex(encode(kind, decode(kind, fromHex(message)))), message);
  }
  if (payload.input !== null) same(name, from, "client");
  if (payload.snapshot === null) return;
  const { tick, last_command } = openServerFrame(fromHex(hex), newest);
  same(name, tick, newest.tick + 1);
  newest = { tick, last_command };
});

// --- Section 4: netcode packets ---

const PACKETS = ["request", "denied", "challenge", "response", "keep_alive", "payload", "disconnect"];

function packetCipher(make, { key, sequence, protocol_id }, prefix) {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64LE(BigInt(sequence), 4);
  const bound = Buffer.concat([Buffer.from("NETCODE 1.02\0"), Buffer.from(protocol_id, "hex").reverse(), Buffer.from([prefix])]);
  const cipher = make("chacha20-poly1305", Buffer.from(key, "hex"), nonce, { authTagLength: 16 });
  return cipher.setAAD(bound, { plaintextLength: 0 });
}

each("netcode_packets", (name, value, hex) => {
  const bytes = Buffer.from(hex, "hex");
  same(name, PACKETS[bytes[0] & 15], value.kind);
  if (value.kind === "request") return same(name, bytes.subarray(1).toString("hex"), value.body);
  // One to eight bytes of sequence number, without its high zeros.
  let sequence = BigInt(value.sequence);
  const number = [];
  do number.push(Number(sequence & 255n));
  while ((sequence >>= 8n) > 0n);
  const prefix = PACKETS.indexOf(value.kind) | (number.length << 4);
  const seal = packetCipher(createCipheriv, value, prefix);
  const sealed = Buffer.concat([seal.update(Buffer.from(value.body, "hex")), seal.final(), seal.getAuthTag()]);
  same(name, Buffer.concat([Buffer.from([prefix, ...number]), sealed]).toString("hex"), hex);
  const open = packetCipher(createDecipheriv, value, bytes[0]);
  open.setAuthTag(bytes.subarray(-16));
  const body = open.update(bytes.subarray(1 + number.length, -16));
  same(name, Buffer.concat([body, open.final()]).toString("hex"), value.body);
});

// --- docs/tickets.md and section 4: tickets and connect tokens ---

each("tickets", (name, value, hex) => {
  const from = new ByteReader(fromHex(hex));
  const text = () => Buffer.from(from.take(from.take(1)[0])).toString("ascii");
  const number = (bytes) => plain(from.little(bytes));
  const uuid = () => takeValue(from, link, "uuid");
  same(name, from.take(1)[0], 1);
  const signing_key_id = text();
  const read = {
    ticket_id: from.little(8).toString(),
    account: uuid(),
    character: uuid(),
    epoch: number(8),
    map: number(2),
    channel: number(2),
    server: text(),
    issued_ms: number(8),
    expires_ms: number(8),
  };
  const pairs = value.keys.split(",").map((pair) => pair.split(":"));
  const secret = value.keys.includes(":")
    ? Buffer.from(pairs.find(([id]) => id === signing_key_id)[1], "base64")
    : Buffer.from(value.keys);
  const signed = from.bytes.subarray(0, from.at);
  same(name, toHex(from.take(32)), createHmac("sha256", secret).update(signed).digest("hex"));
  const netcode_key = toHex(new Uint8Array(hkdfSync("sha256", secret, "", "realmgate netcode key 1", 32)));
  const base64url = Buffer.from(hex, "hex").toString("base64url");
  same(name, { ...read, keys: value.keys, signing_key_id, netcode_key, text: base64url }, value);
  // The client id, found as section 4 says.
  const at = 2 + fromHex(hex)[1];
  same(name, new ByteReader(fromHex(hex).subarray(at)).little(8).toString(), value.ticket_id);
});

each("spectator_tickets", (name, value, hex) => {
  const from = new ByteReader(fromHex(hex));
  const text = () => Buffer.from(from.take(from.take(1)[0])).toString("ascii");
  const number = (bytes) => plain(from.little(bytes));
  same(name, from.take(1)[0], 2);
  const read = {
    signing_key_id: text(),
    ticket_id: from.little(8).toString(),
    map: number(2),
    channel: number(2),
    server: text(),
    issued_ms: number(8),
    expires_ms: number(8),
  };
  const signed = Buffer.concat([Buffer.from("realmgate spectator ticket 1\0"), from.bytes.subarray(0, from.at)]);
  same(name, toHex(from.take(32)), createHmac("sha256", Buffer.from(value.keys)).update(signed).digest("hex"));
  same(name, { ...read, keys: value.keys, text: Buffer.from(hex, "hex").toString("base64url") }, value);
});

each("connect_token", (name, value, hex) => {
  const bytes = fromHex(hex);
  same(name, bytes.length, 2048);
  const from = new ByteReader(bytes);
  same(name, Buffer.from(from.take(13)).toString("latin1"), "NETCODE 1.02\0");
  const read = {
    protocol_id: from.little(8).toString(16).padStart(16, "0"),
    created_s: Number(from.little(8)),
    expires_s: Number(from.little(8)),
    nonce: toHex(from.take(24)),
    private_byte: from.take(1024).reduce((all, byte) => (all === byte ? all : -1)),
    timeout_s: Number(from.little(4)),
    addresses: Array.from({ length: Number(from.little(4)) }, () => {
      same(name, from.take(1)[0], 1);
      return { ip: from.take(4).join("."), port: Number(from.little(2)) };
    }),
    client_to_server_key: toHex(from.take(32)),
    server_to_client_key: toHex(from.take(32)),
  };
  same(name, read, value);
  same(name, bytes.subarray(from.at).every((byte) => byte === 0), true);
  same(name, game.netcode_protocol_id, value.protocol_id);
});

// --- Section 8: movement ---

/** The sine of a direction, times 16,384, by symmetry from its quarter. */
const sine = (step) => {
  const i = step & 63;
  const quarter = (at) => Math.round(16384 * Math.sin((at * Math.PI) / 128));
  return [quarter(i), quarter(64 - i), -quarter(i), -quarter(64 - i)][(step >> 6) & 3] + 0;
};
const TABLE = Array.from({ length: 256 }, (_, step) => [sine(step + 64), sine(step)]);
const scaled = (heading, units) =>
  TABLE[heading].map((part) => Math.trunc((part * units + Math.sign(part * units) * 8192) / 16384) + 0);
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const tileOf = (value) => Math.floor(value / 1024);

/** How often each way out of a step was taken, so that no rule goes untested. */
const taken = { free: 0, pushed: 0, corner: 0, x: 0, y: 0, stay: 0 };

class Grid {
  constructor(rows) {
    this.rows = rows;
  }

  solid(x, y) {
    return x < 0 || y < 0 || y >= this.rows.length || x >= this.rows[0].length || this.rows[y][x] === "#";
  }

  nearest(p, x, y) {
    return { x: clamp(p.x, x * 1024, x * 1024 + 1024), y: clamp(p.y, y * 1024, y * 1024 + 1024) };
  }

  free(p, r) {
    for (let y = tileOf(p.y - r); y <= tileOf(p.y + r); y += 1) {
      for (let x = tileOf(p.x - r); x <= tileOf(p.x + r); x += 1) {
        const c = this.nearest(p, x, y);
        if (this.solid(x, y) && (p.x - c.x) ** 2 + (p.y - c.y) ** 2 < r * r) return false;
      }
    }
    return true;
  }

  offFaces(p, r) {
    const [x, y] = [tileOf(p.x), tileOf(p.y)];
    const at = { ...p };
    if (this.solid(x, y)) return at;
    if (this.solid(x - 1, y)) at.x = Math.max(at.x, x * 1024 + r);
    if (this.solid(x + 1, y)) at.x = Math.min(at.x, x * 1024 + 1024 - r);
    if (this.solid(x, y - 1)) at.y = Math.max(at.y, y * 1024 + r);
    if (this.solid(x, y + 1)) at.y = Math.min(at.y, y * 1024 + 1024 - r);
    return at;
  }

  offCorners(p, r) {
    const [x, y] = [tileOf(p.x), tileOf(p.y)];
    let at = p;
    for (const [sx, sy] of [[-1, -1], [1, -1], [-1, 1], [1, 1]]) {
      if (!this.solid(x + sx, y + sy)) continue;
      const c = this.nearest(at, x + sx, y + sy);
      const d = Math.floor(Math.sqrt((at.x - c.x) ** 2 + (at.y - c.y) ** 2));
      if (d === 0 || d >= r) continue;
      taken.corner += 1;
      const out = (v) => Math.sign(v) * Math.floor((Math.abs(v) * r + d - 1) / d);
      at = { x: c.x + out(at.x - c.x), y: c.y + out(at.y - c.y) };
    }
    return at;
  }

  part(from, r, dx, dy) {
    const ways = [
      ["free", () => ({ x: from.x + dx, y: from.y + dy })],
      ["pushed", () => this.offCorners(this.offFaces({ x: from.x + dx, y: from.y + dy }, r), r)],
      ["x", () => ({ x: from.x + dx, y: from.y })],
      ["y", () => ({ x: from.x, y: from.y + dy })],
    ];
    for (const [way, go] of ways) {
      const to = go();
      if (!this.free(to, r)) continue;
      taken[way] += 1;
      return to;
    }
    taken.stay += 1;
    return from;
  }

  step(from, r, wishX, wishY) {
    const [dx, dy] = [clamp(wishX, -1024, 1024), clamp(wishY, -1024, 1024)];
    const parts = Math.floor((Math.max(Math.abs(dx), Math.abs(dy)) + 127) / 128);
    const share = (whole, part) => Math.trunc((whole * (part + 1)) / parts) - Math.trunc((whole * part) / parts);
    let at = from;
    for (let part = 0; part < parts; part += 1) at = this.part(at, r, share(dx, part), share(dy, part));
    return at;
  }

  sees(ax, ay, bx, by) {
    let [x, y] = [tileOf(ax), tileOf(ay)];
    const [dx, dy] = [bx - ax, by - ay];
    const [sx, sy] = [Math.sign(dx), Math.sign(dy)];
    let nx = Math.abs(1024 * (x + (sx > 0 ? 1 : 0)) - ax) * Math.abs(dy);
    let ny = Math.abs(1024 * (y + (sy > 0 ? 1 : 0)) - ay) * Math.abs(dx);
    let left = Math.abs(tileOf(bx) - x) + Math.abs(tileOf(by) - y);
    if (this.solid(x, y)) return false;
    while (left > 0) {
      const corner = sx !== 0 && sy !== 0 && nx === ny;
      if (corner && this.solid(x + sx, y) && this.solid(x, y + sy)) return false;
      const alongX = corner || sy === 0 || (sx !== 0 && nx < ny);
      const alongY = corner || !alongX;
      if (alongX) [x, nx, left] = [x + sx, nx + 1024 * Math.abs(dy), left - 1];
      if (alongY) [y, ny, left] = [y + sy, ny + 1024 * Math.abs(dx), left - 1];
      if (this.solid(x, y)) return false;
    }
    return true;
  }
}

const shorts = (pairs) => {
  const bytes = Buffer.alloc(pairs.length * 4);
  pairs.flat().forEach((number, at) => bytes.writeInt16LE(number, at * 2));
  return bytes.toString("hex");
};

each("angles", (name, value, hex) => {
  const made = name.endsWith("/table") ? TABLE : value.map(([heading, units]) => scaled(heading, units));
  same(name, made, name.endsWith("/table") ? value : value.map(([, , dx, dy]) => [dx, dy]));
  same(name, shorts(made), hex);
});

each("movement", (name, { rows, radius, start, walk, push, single }, hex) => {
  const grid = new Grid(rows);
  const out = new BitWriter();
  for (const [r, x, y, dx, dy, endX, endY] of single ?? []) {
    const end = grid.step({ x, y }, r, dx, dy);
    same(name, end, { x: endX, y: endY });
    putField(out, "position", end);
  }
  let at = start;
  for (const [a, b, x, y] of walk ?? push ?? []) {
    const [dx, dy] = walk ? scaled(a, b) : [a, b];
    at = grid.step(at, radius, dx, dy);
    same(name, at, { x, y });
    putField(out, "position", at);
  }
  same(name, toHex(out.bytes), hex);
});
for (const [way, times] of Object.entries(taken)) {
  if (times === 0) failures.push(`movement: no recorded step shows the rule "${way}"`);
}

each("grid", (name, { rows, lines, runs }, hex) => {
  if (lines) {
    const out = new BitWriter();
    for (const [ax, ay, bx, by, sees] of lines) {
      const found = new Grid(rows).sees(ax, ay, bx, by);
      same(`${name} ${[ax, ay, bx, by]}`, found, sees);
      out.put(found ? 1 : 0, 1);
    }
    same(name, toHex(out.bytes), hex);
  } else {
    const tiles = runs.map((run, place) => (place % 2 ? "#" : ".").repeat(run)).join("");
    same(name, tiles.match(new RegExp(`.{${rows[0].length}}`, "g")), rows);
    same(name, toHex(runs), hex);
  }
});

// --- Section 3: the protocol hash ---

const listed = (fields) => fields.map((field) => `${field.name}:${field.type}`).join(",");
const lines = [`datagram ${game.datagram_version} movement ${game.movement_revision}`];
for (const name of Object.keys(game.types).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))) {
  const shape = game.types[name];
  if (shape.struct) lines.push(`struct ${name} ${listed(shape.struct)}`);
  else shape.enum.forEach((v) => lines.push(`enum ${name} ${v.id} ${v.name} ${listed(v.fields)}`));
}
game.components.forEach((one) => lines.push(`component ${one.id} ${one.name} ${listed(one.fields)}`));
const digest = createHash("sha256").update(lines.map((line) => `${line}\n`).join("")).digest("hex");
same("the protocol hash", digest.slice(0, 16), game.protocol_hash);

console.log(`${checks} checks, ${failures.length} failures; ways out of a step: ${JSON.stringify(taken)}`);
failures.slice(0, 40).forEach((failure) => console.error(failure));
process.exitCode = failures.length > 0 ? 1 : 0;
