// Every golden vector that a client needs, both ways.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BitReader, BitWriter } from "../src/bits.js";
import {
  codecOf,
  componentCodecs,
  decodeReliable,
  decodeSplit,
  encodeReliable,
  encodeSplit,
  layoutOf,
} from "../src/codec.js";
import { SnapshotAck, readClientFrame, writeClientFrame } from "../src/frame.js";
import { COMPONENTS } from "../src/generated/protocol.js";
import { ticketBytes } from "../src/grant.js";
import { Course } from "../src/movement/course.js";
import { CollisionGrid } from "../src/movement/grid.js";
import { scaled, vector } from "../src/movement/angle.js";
import { step } from "../src/movement/step.js";
import { Reassembly, split } from "../src/parts.js";
import { openPayload, sealPayload } from "../src/payload.js";
import { readFrame } from "../src/snapshot.js";
import { Stream } from "../src/stream.js";
import { snapshotBody } from "./testing/snapshots.js";
import { fromHex, ours, oursOf, toHex, vectorFiles, vectors } from "./testing/vectors.js";

/** What servers say to each other, and what netcode needs over UDP. */
const NOT_OURS = ["connect_token", "link_from_map", "link_to_map", "netcode_packets"];
const seen = new Set();
/** How many entries of the lists in these files' vectors were compared. */
const compared = { movement: 0, grid: 0 };

function each(file, least, check) {
  test(`vectors of ${file}`, () => {
    seen.add(file);
    const list = vectors(file);
    assert.ok(list.length >= least, `${file} has only ${list.length} vectors`);
    for (const { name, value, hex } of list) check(value, hex, `${file}/${name}`);
  });
}

/** A value's codec, against a vector of `bits` bits. */
function bothWays(codec, value, { bits, hex, name }) {
  const out = new BitWriter();
  codec.write(out, value);
  assert.equal(out.lenBits, bits, name);
  assert.equal(toHex(out.toBytes()), hex, name);
  const from = new BitReader(fromHex(hex));
  assert.deepEqual(codec.read(from), value, name);
  assert.equal(from.at, bits, name);
  assert.ok(from.isAtEnd(), name);
}

each("bit_fields", 25, ({ kind, bits, value }, hex, name) => {
  const type = /^(option|list)<(.+)>$/.exec(kind)?.[2] ?? kind;
  const wide = type === "u64" || type === "i64";
  bothWays(codecOf(kind), wide ? BigInt(value) : value, { bits, hex, name });
});

each("components", 10, ({ id, component, bits, fields }, hex, label) => {
  const { name, codec } = componentCodecs().get(id);
  assert.equal(name, component, label);
  const { fields: types } = COMPONENTS.find((one) => one.id === id);
  bothWays(codec, oursOf(types, fields), { bits, hex, name: label });
});

/** A course of the vectors. */
function courseOf({ position, facing, going }) {
  const [type, value] = typeof going === "string" ? [going] : Object.entries(going)[0];
  const ways = { Stands: { type }, Ahead: { type, units: value }, Drifts: { type, dx: value?.[0], dy: value?.[1] } };
  return new Course(position, facing, ways[type]);
}

each("courses", 5, ({ near, bits, value }, hex, name) => {
  const out = new BitWriter();
  layoutOf("Course").write(out, courseOf(value).toFields());
  assert.deepEqual([out.lenBits, toHex(out.toBytes())], [bits, hex], name);
  const from = new BitReader(fromHex(hex));
  assert.deepEqual(Course.fromFields(layoutOf("Course").read(from, [{ position: near }])), courseOf(value), name);
  assert.ok(from.isAtEnd(), name);
});

for (const [file, type, least] of [
  ["client_messages", "ClientMessage", 26],
  ["server_messages", "ServerMessage", 29],
]) {
  each(file, least, (value, hex, name) => {
    assert.equal(toHex(encodeReliable(type, ours(type, value))), hex, name);
    assert.deepEqual(decodeReliable(type, fromHex(hex)), ours(type, value), name);
  });
}

each("parts", 1, ({ parts }, hex, name) => {
  const made = split(fromHex(hex)).map((part) => toHex(encodeReliable("ServerMessage", { type: "Part", ...part })));
  assert.deepEqual(made, parts, name);
  const reassembly = new Reassembly();
  const taken = parts.map((part) => {
    const { index, count, bytes } = decodeReliable("ServerMessage", fromHex(part));
    return reassembly.take(index, count, bytes);
  });
  const whole = taken.pop();
  assert.ok(
    taken.every((one) => one === null),
    "not before the last",
  );
  assert.equal(toHex(whole), hex, name);
  assert.equal(toHex(encodeSplit("ServerMessage", decodeSplit("ServerMessage", whole))), hex, name);
});

each("reliable", 5, ({ ack, first, messages, snapshot, input }, hex, name) => {
  const section =
    snapshot !== null
      ? { type: "Snapshot", body: fromHex(snapshot) }
      : input !== null
        ? { type: "Input", body: fromHex(input) }
        : null;
  const payload = { ack, first: first ?? 0, messages: messages.map(fromHex), section };
  assert.equal(toHex(sealPayload(payload)), hex, name);
  assert.deepEqual(openPayload(fromHex(hex)), payload, name);
});

each("reliable_receiving", 5, ({ before, received, handed_on: handedOn }, hex, name) => {
  const stream = new Stream(0);
  for (let id = 0; id < before; id += 1) {
    stream.receive({ ack: null, first: id & 0xffff, messages: [Uint8Array.of(1)], section: null }, 0);
    stream.nextMessage();
  }
  const heard = [];
  for (const payload of received) {
    stream.receive(openPayload(fromHex(payload)), 0);
    for (let message = stream.nextMessage(); message; message = stream.nextMessage()) heard.push(toHex(message));
  }
  assert.deepEqual(heard, handedOn, name);
  assert.deepEqual(stream.compose(null, 0).map(toHex), [hex], name);
});

/** An action of the vectors. */
function actionOf(action) {
  if (action === null) return null;
  const { slot, aim, seen } = action;
  if (aim === "None") return { slot, aim: { type: "None" }, seen };
  const [[type, value]] = Object.entries(aim);
  return { slot, aim: { type, [type.toLowerCase()]: value }, seen };
}

each("client_frames", 5, ({ ack, commands }, hex, name) => {
  const frame = { ack, commands: commands.map((command) => ({ ...command, action: actionOf(command.action) })) };
  const payload = sealPayload({ section: { type: "Input", body: writeClientFrame(frame) } });
  assert.equal(toHex(payload), hex, name);
  assert.deepEqual(readClientFrame(openPayload(fromHex(hex)).section.body), frame, name);
});

each("server_frames", 5, ({ newest, own, ...value }, hex, name) => {
  const entities = value.entities.map(({ course, ...entity }) => ({ ...entity, course: course && courseOf(course) }));
  const body = snapshotBody({ ...value, ...own, entities });
  assert.equal(toHex(sealPayload({ section: { type: "Snapshot", body } })), hex, name);
  const { head, changes } = readFrame(openPayload(fromHex(hex)).section.body, newest);
  const { tick, last_command, buffered_commands } = value;
  assert.deepEqual(head, { tick, last_command, buffered_commands }, name);
  assert.deepEqual(changes, [...expectedChanges({ ...value, own, entities })], name);
});

function* expectedChanges({ own, despawns, entities }) {
  yield { type: "Own", ...own };
  for (const entity of despawns) yield { type: "Despawn", entity };
  for (const { entity, is_new: isNew, course, components } of entities) {
    yield { type: "Entity", entity, isNew };
    if (course) yield { type: "Course", entity, course };
    for (const { name } of COMPONENTS.filter((one) => one.name in components)) {
      const value = components[name];
      yield value === null ? { type: "Remove", entity, name } : { type: "Component", entity, name, value };
    }
  }
}

each("acknowledgements", 5, ({ applied, newest, before }, hex, name) => {
  const ack = new SnapshotAck();
  for (const tick of applied) ack.note(tick);
  assert.deepEqual(ack.copy(), { newest, before }, name);
  // The count of commands, 0 in 3 bits, follows: within the last byte or in another.
  const frame = writeClientFrame({ ack, commands: [] });
  assert.ok([hex, `${hex}00`].includes(toHex(frame)), `${name}: ${toHex(frame)}`);
  assert.deepEqual(readClientFrame(frame).ack, { newest, before }, name);
});

test("vectors of session", () => {
  seen.add("session");
  let newest = { tick: 900, last_command: 0, buffered_commands: 0 };
  const ticks = [];
  for (const { name, value, hex } of vectors("session")) {
    const payload = openPayload(fromHex(hex));
    assert.equal(toHex(sealPayload(payload)), hex, name);
    const type = value.from === "client" ? "ClientMessage" : "ServerMessage";
    for (const message of payload.messages)
      assert.deepEqual(encodeReliable(type, decodeReliable(type, message)), message, name);
    if (payload.section?.type === "Input") {
      assert.deepEqual(writeClientFrame(readClientFrame(payload.section.body)), payload.section.body, name);
    } else if (payload.section) {
      newest = readFrame(payload.section.body, newest).head;
      ticks.push(newest.tick);
    }
  }
  assert.deepEqual(ticks, [901, 902]);
});

each("angles", 2, (value, hex, name) => {
  const isTable = name.endsWith("/table");
  value.forEach((row, at) => {
    const { x, y } = vector(at);
    const { dx, dy } = isTable ? { dx: x, dy: y } : scaled(row[0], row[1]);
    assert.deepEqual([dx, dy], isTable ? row : row.slice(2), `${name} ${at}`);
  });
});

each("movement", 2, ({ rows, radius, start, walk, push, single }, hex, name) => {
  const grid = CollisionGrid.fromRows(rows);
  for (const [r, x, y, dx, dy, endX, endY] of single ?? []) {
    assert.deepEqual(step(grid, { x, y }, r, dx, dy), { x: endX, y: endY }, name);
    compared.movement += 1;
  }
  let at = start;
  for (const [a, b, x, y] of walk ?? push ?? []) {
    const { dx, dy } = walk ? scaled(a, b) : { dx: a, dy: b };
    at = step(grid, at, radius, dx, dy);
    assert.deepEqual(at, { x, y }, name);
    compared.movement += 1;
  }
});

function rowsOf(grid) {
  const row = (y) => Array.from({ length: grid.width }, (_, x) => (grid.isSolid(x, y) ? "#" : ".")).join("");
  return Array.from({ length: grid.height }, (_, y) => row(y));
}

each("grid", 2, ({ rows, lines: sights, runs }, hex, name) => {
  const grid = CollisionGrid.fromRows(rows);
  for (const [x, y, toX, toY, sees] of sights ?? []) {
    assert.equal(grid.lineOfSight({ x, y }, { x: toX, y: toY }), sees, `${name} ${[x, y, toX, toY]}`);
    compared.grid += 1;
  }
  if (!runs) return;
  assert.deepEqual(rowsOf(CollisionGrid.fromRuns(grid.width, grid.height, runs)), rows, name);
  compared.grid += runs.length;
});

each("spectator_tickets", 1, ({ text }, hex, name) => {
  assert.equal(toHex(ticketBytes({ ticket: text })), hex, name);
});

each("tickets", 1, ({ text }, hex, name) => {
  assert.equal(toHex(ticketBytes({ ticket: text })), hex, name);
});

/** How many entries these lists have in the vectors of a file. */
function entries(file, lists) {
  const counts = vectors(file).map(({ name, value }) => {
    const count = lists.reduce((sum, list) => sum + (value[list]?.length ?? 0), 0);
    assert.ok(count > 0, `${file}/${name} has none of ${lists}`);
    return count;
  });
  return counts.reduce((sum, count) => sum + count, 0);
}

test("no vector is left out", () => {
  assert.deepEqual([...seen, ...NOT_OURS].sort(), vectorFiles().sort());
  assert.equal(compared.movement, entries("movement", ["single", "walk", "push"]));
  assert.equal(compared.grid, entries("grid", ["lines", "runs"]));
});
