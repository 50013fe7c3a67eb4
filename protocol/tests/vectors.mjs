// A second implementation of the protocol, from docs/protocol.md and its schema alone. Checks every golden vector, both
// ways.
//
//   node vectors.mjs <folder of vectors> <docs/protocol.json> <the same of the map link>
//
// No dependencies. On failure it exits with 1 and lists the differences.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createHash, createHmac, hkdfSync } from "node:crypto";
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

const KINDS = ["Player", "Mob", "Projectile", "Area", "GroundItem", "GroundGold", "Vendor"];
const WIDTHS = { u8: 8, u16: 16, u32: 32, angle: 8 };
// Bits of the byte count.
const TEXT_COUNTS = { text: 6, long_text: 9 };
const inside = (kind, outer) => (kind.startsWith(`${outer}<`) ? kind.slice(outer.length + 1, -1) : null);

function putCourse(out, { position, facing, going }) {
  const kind = typeof going === "string" ? going : Object.keys(going)[0];
  out.put(["Stands", "Ahead", "Drifts"].indexOf(kind), 2);
  out.put(facing, 8);
  if (kind === "Stands") return putField(out, "position", position);
  out.put(Math.floor((position.x + 8) / 16), 18);
  out.put(Math.floor((position.y + 8) / 16), 18);
  if (kind === "Ahead") out.put(going.Ahead, 11);
  else going.Drifts.forEach((part) => out.put(BigInt.asUintN(12, BigInt(part)), 12));
}

function takeCourse(from) {
  const kind = from.take(2);
  const facing = from.take(8);
  if (kind === 0) return { position: takeField(from, "position"), facing, going: "Stands" };
  const position = { x: from.take(18) * 16, y: from.take(18) * 16 };
  if (kind === 1) return { position, facing, going: { Ahead: from.take(11) } };
  const part = () => Number(BigInt.asIntN(12, BigInt(from.take(12))));
  if (kind === 2) return { position, facing, going: { Drifts: [part(), part()] } };
  throw new Error("no such way of going");
}

function putField(out, kind, value) {
  const optional = inside(kind, "optional");
  const list = inside(kind, "list4");
  if (optional) {
    out.put(value === null ? 0 : 1, 1);
    if (value !== null) putField(out, optional, value);
  } else if (list) {
    out.put(value.length, 4);
    value.forEach((item) => putField(out, list, item));
  } else if (kind in WIDTHS) {
    out.put(value, WIDTHS[kind]);
  } else if (kind === "bool") {
    out.put(value ? 1 : 0, 1);
  } else if (kind === "kind") {
    out.put(KINDS.indexOf(value), 3);
  } else if (kind === "position") {
    out.put(value.x, 22);
    out.put(value.y, 22);
  } else if (kind === "course") {
    putCourse(out, value);
  } else if (kind === "entity") {
    const bytes = value < 2 ** 8 ? 1 : value < 2 ** 16 ? 2 : value < 2 ** 24 ? 3 : 4;
    out.put(bytes - 1, 2);
    out.put(value, bytes * 8);
  } else if (kind in TEXT_COUNTS) {
    const utf8 = Buffer.from(value, "utf8");
    out.put(utf8.length, TEXT_COUNTS[kind]);
    utf8.forEach((byte) => out.put(byte, 8));
  } else {
    throw new Error(`no bit field ${kind}`);
  }
}

function takeField(from, kind) {
  const optional = inside(kind, "optional");
  const list = inside(kind, "list4");
  if (optional) return from.take(1) ? takeField(from, optional) : null;
  if (list) return Array.from({ length: from.take(4) }, () => takeField(from, list));
  if (kind in WIDTHS) return from.take(WIDTHS[kind]);
  if (kind === "bool") return from.take(1) === 1;
  if (kind === "kind") return KINDS[from.take(3)];
  if (kind === "position") return { x: from.take(22), y: from.take(22) };
  if (kind === "course") return takeCourse(from);
  if (kind === "entity") return from.take((from.take(2) + 1) * 8);
  if (kind in TEXT_COUNTS) {
    return Buffer.from(Array.from({ length: from.take(TEXT_COUNTS[kind]) }, () => from.take(8))).toString("utf8");
  }
  throw new Error(`no bit field ${kind}`);
}

each("bit_fields", (name, { kind, bits, value }, hex) => {
  const out = new BitWriter();
  putField(out, kind, value);
  same(name, [toHex(out.bytes), out.bits], [hex, bits]);
  const from = new BitReader(fromHex(hex));
  same(name, takeField(from, kind), value);
  from.end();
});

const component = (id) => {
  const found = game.components.find((one) => one.id === id);
  if (!found) throw new Error(`no component ${id}`);
  return found;
};
const takeComponent = (from, { fields }) => Object.fromEntries(fields.map((f) => [f.name, takeField(from, f.type)]));
const putComponent = (out, { fields }, value) => fields.forEach((f) => putField(out, f.type, value[f.name]));

each("components", (name, { id, component: called, bits, fields }, hex) => {
  const known = component(id);
  same(name, known.name, called);
  const out = new BitWriter();
  putComponent(out, known, fields);
  same(name, [toHex(out.bytes), out.bits], [hex, bits]);
  same(name, takeComponent(new BitReader(fromHex(hex)), known), fields);
});

// --- Section 5: payloads ---

const VERSION = 2;
const FLAGS = { snapshot: 1, input: 2, ack: 4, gaps: 8, messages: 16 };

function sealPayload({ ack = null, first = null, messages = [], snapshot = null, input = null }) {
  const out = [VERSION, 0];
  const number = (value, bytes) => {
    for (let at = 0; at < bytes; at += 1) out.push(Math.floor(value / 2 ** (8 * at)) & 255);
  };
  if (ack) {
    out[1] |= FLAGS.ack | (ack.gaps ? FLAGS.gaps : 0);
    number(ack.next, 2);
    if (ack.gaps) number(ack.gaps, 4);
  }
  if (messages.length > 0) {
    out[1] |= FLAGS.messages;
    out.push(messages.length);
    number(first, 2);
    for (const message of messages) {
      number(message.length / 2, 2);
      out.push(...fromHex(message));
    }
  }
  const rest = snapshot ?? input;
  if (rest !== null) {
    out[1] |= snapshot !== null ? FLAGS.snapshot : FLAGS.input;
    out.push(...fromHex(rest));
  }
  return out;
}

function openPayload(bytes) {
  if (bytes.length > 1200) throw new Error("too long");
  const from = new ByteReader(bytes);
  const number = (count) => Number(from.little(count));
  const [version, flags] = from.take(2);
  const has = (flag) => (flags & flag) !== 0;
  if (version !== VERSION) throw new Error("another version");
  if (flags === 0 || flags > 31 || (flags & 3) === 3 || (flags & 12) === 8) throw new Error("illegal flags");
  const read = { ack: null, first: null, messages: [], snapshot: null, input: null };
  if (has(FLAGS.ack)) read.ack = { next: number(2), gaps: has(FLAGS.gaps) ? number(4) : 0 };
  if (has(FLAGS.messages)) {
    const count = number(1);
    if (count === 0) throw new Error("no message");
    read.first = number(2);
    for (let left = count; left > 0; left -= 1) {
      const length = number(2);
      if (length === 0 || length > 1000) throw new Error("a message of an illegal length");
      read.messages.push(toHex(from.take(length)));
    }
  }
  const rest = toHex(from.take(bytes.length - from.at));
  if (has(FLAGS.snapshot)) read.snapshot = rest;
  else if (has(FLAGS.input)) read.input = rest;
  else if (rest !== "") throw new Error("something follows the end");
  return read;
}

// --- Section 5: client frames ---

const AIMS = ["None", "Entity", "Point", "Direction"];
const AIM_FIELDS = { Entity: "entity", Point: "position", Direction: "angle" };

function sealClientFrame({ ack, commands }) {
  const out = new BitWriter();
  out.put(ack.newest, 32);
  out.put(ack.before, 32);
  out.put(commands.length, 3);
  if (commands.length > 0) out.put(commands[0].number, 32);
  for (const { heading, action } of commands) {
    putField(out, "optional<angle>", heading);
    out.put(action ? 1 : 0, 1);
    if (!action) continue;
    const aim = typeof action.aim === "string" ? action.aim : Object.keys(action.aim)[0];
    out.put(action.slot, 3);
    out.put(AIMS.indexOf(aim), 2);
    if (aim !== "None") putField(out, AIM_FIELDS[aim], action.aim[aim]);
  }
  return sealPayload({ input: toHex(out.bytes) });
}

function openClientFrame(bytes) {
  const from = new BitReader(fromHex(openPayload(bytes).input));
  const ack = { newest: from.take(32), before: from.take(32) };
  const count = from.take(3);
  const first = count > 0 ? from.take(32) : 0;
  const commands = Array.from({ length: count }, (_, at) => {
    const heading = takeField(from, "optional<angle>");
    if (!from.take(1)) return { number: first + at, heading, action: null };
    const slot = from.take(3);
    const aim = AIMS[from.take(2)];
    const action = { slot, aim: aim === "None" ? aim : { [aim]: takeField(from, AIM_FIELDS[aim]) } };
    return { number: first + at, heading, action };
  });
  from.end();
  return { ack, commands };
}

each("client_frames", (name, value, hex) => {
  same(name, toHex(sealClientFrame(value)), hex);
  same(name, openClientFrame(fromHex(hex)), value);
});

// --- Section 6: server frames ---

const ID_BITS = [6, 11, 17, 32];

/** Ids ascend: each is told as its distance from the one before. */
function putIds(out) {
  let last = 0;
  return (id) => {
    const size = ID_BITS.findIndex((bits) => id - last < 2 ** bits);
    out.put(size, 2);
    out.put(id - last, ID_BITS[size]);
    last = id;
  };
}

function takeIds(from) {
  let last = 0;
  return () => (last += from.take(ID_BITS[from.take(2)]));
}

function putComponents(out, components, isNew) {
  const told = game.components.filter((one) => one.name in components).sort((a, b) => a.id - b.id);
  const mask = told.reduce((bits, { id }) => bits | (1 << id), 0);
  if (isNew) {
    out.put(mask, 16);
    told.forEach((one) => putComponent(out, one, components[one.name]));
    return;
  }
  out.put(Math.min(told.length - 1, 3), 2);
  if (told.length > 3) out.put(mask, 16);
  for (const one of told) {
    const value = components[one.name];
    if (told.length <= 3) out.put(one.id, 4);
    out.put(value === null ? 0 : 1, 1);
    if (value !== null) putComponent(out, one, value);
  }
}

function takeComponents(from, isNew) {
  const components = {};
  const bits = (mask) => Array.from({ length: 16 }, (_, id) => id).filter((id) => (mask >> id) & 1);
  const take = (id, there) => {
    components[component(id).name] = there ? takeComponent(from, component(id)) : null;
  };
  if (isNew) {
    bits(from.take(16)).forEach((id) => take(id, true));
    return components;
  }
  const count = from.take(2) + 1;
  if (count > 3) bits(from.take(16)).forEach((id) => take(id, from.take(1)));
  else for (let at = 0; at < count; at += 1) take(from.take(4), from.take(1));
  return components;
}

function sealServerFrame({ is_whole, tick, last_command, buffered_commands, own, despawns, entities }) {
  const out = new BitWriter();
  const width = is_whole ? 32 : 16;
  out.put(is_whole ? 1 : 0, 1);
  out.put(tick, width);
  out.put(last_command, width);
  out.put(buffered_commands, 4);
  putField(out, "optional<entity>", own.new);
  putField(out, "position", own.position);
  putField(out, "angle", own.facing);
  const hasChanged = Object.keys(own.components).length > 0;
  if (own.new === null) out.put(hasChanged ? 1 : 0, 1);
  if (own.new !== null || hasChanged) putComponents(out, own.components, own.new !== null);
  out.put(despawns.length > 0 ? 1 : 0, 1);
  if (despawns.length > 0) {
    out.put(despawns.length, 8);
    despawns.forEach(putIds(out));
  }
  out.put(entities.length, 8);
  const putId = putIds(out);
  for (const { entity, is_new, components } of entities) {
    putId(entity);
    const isPlace = !is_new && isDeepStrictEqual(Object.keys(components), ["Place"]) && components.Place !== null;
    out.put(isPlace ? 1 : 0, 1);
    if (isPlace) {
      putComponent(out, component(0), components.Place);
    } else {
      out.put(is_new ? 1 : 0, 1);
      putComponents(out, components, is_new);
    }
  }
  return sealPayload({ snapshot: toHex(out.bytes) });
}

function openServerFrame(bytes, newest) {
  const from = new BitReader(fromHex(openPayload(bytes).snapshot));
  const is_whole = from.take(1) === 1;
  const number = (near) => {
    if (is_whole) return from.take(32);
    const apart = (from.take(16) - near) & 65535;
    return near + (apart < 32768 ? apart : apart - 65536);
  };
  const head = { newest, is_whole, tick: number(newest.tick), last_command: number(newest.last_command) };
  head.buffered_commands = from.take(4);
  const own = { new: takeField(from, "optional<entity>") };
  own.position = takeField(from, "position");
  own.facing = takeField(from, "angle");
  own.components = own.new !== null || from.take(1) ? takeComponents(from, own.new !== null) : {};
  const despawns = from.take(1) ? Array.from({ length: from.take(8) }, takeIds(from)) : [];
  const takeId = takeIds(from);
  const entities = Array.from({ length: from.take(8) }, () => {
    const entity = takeId();
    if (from.take(1)) return { entity, is_new: false, components: { Place: takeComponent(from, component(0)) } };
    const is_new = from.take(1) === 1;
    return { entity, is_new, components: takeComponents(from, is_new) };
  });
  from.end();
  return { ...head, own, despawns, entities };
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
  out.put(newest, 32);
  out.put(before, 32);
  same(name, toHex(out.bytes), hex);
});

// --- Section 9: bincode ---

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
  else if (SIGNED.includes(kind)) putInteger(out, value < 0 ? -2n * BigInt(value) - 1n : 2n * BigInt(value));
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

/** A number where it is exact, else its digits. */
const plain = (value) => (value <= 1n << 53n ? Number(value) : value.toString());

function takeValue(from, schema, kind) {
  const optional = inside(kind, "option");
  const list = inside(kind, "list");
  if (optional) return from.take(1)[0] === 0 ? null : takeValue(from, schema, optional);
  if (list) return Array.from({ length: Number(from.integer()) }, () => takeValue(from, schema, list));
  if (kind === "u8") return from.take(1)[0];
  if (kind === "bool") return from.take(1)[0] === 1;
  if (INTEGERS.includes(kind)) return plain(from.integer());
  if (SIGNED.includes(kind)) {
    const zigzag = from.integer();
    return Number(zigzag & 1n ? -(zigzag + 1n) / 2n : zigzag / 2n);
  }
  if (kind === "uuid") return toHex(from.take(16)).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  if (kind === "text") return Buffer.from(from.take(Number(from.integer()))).toString("utf8");
  const read = (fields) => Object.fromEntries(fields.map((f) => [f.name, takeValue(from, schema, f.type)]));
  const shape = schema.types[kind];
  if (shape.struct) return read(shape.struct);
  const number = Number(from.integer());
  const { name, fields } = shape.enum.find((variant) => variant.id === number);
  return fields.length === 0 ? name : { [name]: read(fields) };
}

function encode(schema, kind, value) {
  const out = [];
  putValue(out, schema, kind, value);
  return out;
}

function decode(schema, kind, bytes) {
  const from = new ByteReader(bytes);
  const value = takeValue(from, schema, kind);
  if (from.at !== bytes.length) throw new Error("bytes follow the message");
  return value;
}

for (const [file, schema, kind] of [
  ["client_messages", game, "ClientMessage"],
  ["server_messages", game, "ServerMessage"],
  ["link_from_map", link, "FromMap"],
  ["link_to_map", link, "ToMap"],
]) {
  each(file, (name, value, hex) => {
    same(name, toHex(encode(schema, kind, value)), hex);
    same(name, decode(schema, kind, fromHex(hex)), value);
  });
}

// --- Section 10: parts ---

each("parts", (name, { parts }, hex) => {
  const content = fromHex(hex);
  const count = Math.ceil(content.length / 900);
  const made = Array.from({ length: count }, (_, index) => {
    const bytes = [...content.subarray(index * 900, (index + 1) * 900)];
    return toHex(encode(game, "ServerMessage", { Part: { index, count, bytes } }));
  });
  same(name, made, parts);
  const joined = parts.flatMap((part) => decode(game, "ServerMessage", fromHex(part)).Part.bytes);
  same(name, toHex(joined), hex);
  same(name, Object.keys(decode(game, "ServerMessage", fromHex(toHex(joined)))), ["Chat"]);
});

// --- Section 8: reliable messages ---

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

// --- Sections 3 and 4: tickets and connect tokens ---

each("tickets", (name, value, hex) => {
  const from = new ByteReader(fromHex(hex));
  const text = () => Buffer.from(from.take(from.take(1)[0])).toString("ascii");
  const number = (bytes) => plain(from.little(bytes));
  const uuid = () => takeValue(from, game, "uuid");
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
  // The client id, found as section 3 says.
  const at = 2 + fromHex(hex)[1];
  same(name, new ByteReader(fromHex(hex).subarray(at)).little(8).toString(), value.ticket_id);
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

// --- Section 7: movement ---

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

// --- Section 2: the protocol hash ---

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
