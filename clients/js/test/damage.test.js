// Damaged bytes: they are refused by an error of this library, or are something else that can be read, and never change
// what was known.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BitReader, BitWriter } from "../src/bits.js";
import { codecOf, decodeReliable, encodeReliable } from "../src/codec.js";
import { ProtocolError } from "../src/errors.js";
import { readClientFrame, writeClientFrame } from "../src/frame.js";
import { DATAGRAM_VERSION } from "../src/generated/protocol.js";
import { Course } from "../src/movement/course.js";
import { FARTHEST_UNITS } from "../src/movement/position.js";
import { Reassembly } from "../src/parts.js";
import { openPayload } from "../src/payload.js";
import { WorldView } from "../src/world.js";
import { Random } from "./testing/random.js";
import { snapshotBody } from "./testing/snapshots.js";
import { fromHex, vectors } from "./testing/vectors.js";

/** Whether the bytes are read; fails for any error but this library's. */
function isRead(read, bytes) {
  try {
    read(bytes);
    return true;
  } catch (error) {
    assert.ok(error instanceof ProtocolError, `${error.stack} for ${bytes}`);
    return false;
  }
}

/** Reads bytes that were cut, and bytes with one bit turned. Answers how many were refused, how many were not, and of those that were cut. */
function damage(read, bytes) {
  const counts = { refused: 0, read: 0, cutRead: 0 };
  const count = (damaged) => (counts[isRead(read, damaged) ? "read" : "refused"] += 1);
  for (let length = 0; length < bytes.length; length += 1) count(bytes.subarray(0, length));
  counts.cutRead = counts.read;
  for (let bit = 0; bit < Math.min(bytes.length * 8, 400); bit += 1) {
    const turned = bytes.slice();
    turned[bit >> 3] ^= 1 << (bit & 7);
    count(turned);
  }
  return counts;
}

test("damaged messages, frames and payloads are refused", () => {
  const readers = [
    ["client_messages", (bytes) => decodeReliable("ClientMessage", bytes)],
    ["server_messages", (bytes) => decodeReliable("ServerMessage", bytes)],
    ["client_frames", (bytes) => readClientFrame(openPayload(bytes).section?.body ?? new Uint8Array())],
    ["reliable", openPayload],
    ["server_frames", (bytes) => new WorldView(5, 65_530).apply(openPayload(bytes).section?.body ?? new Uint8Array())],
  ];
  for (const [file, read] of readers) {
    const sum = { refused: 0, read: 0 };
    for (const { hex } of vectors(file)) {
      const { refused, read: wasRead, cutRead } = damage(read, fromHex(hex));
      // A payload's section is what is left of it, so it may be cut.
      if (file !== "reliable" || openPayload(fromHex(hex)).section === null)
        assert.equal(cutRead, 0, `${file}: ${hex} was read though it was cut`);
      sum.refused += refused;
      sum.read += wasRead;
    }
    assert.ok(sum.refused > 100 && sum.read > 20, `${file}: ${JSON.stringify(sum)}`);
  }
});

test("bytes and bits after a message are refused", () => {
  const logout = encodeReliable("ClientMessage", { type: "Logout" });
  assert.throws(() => decodeReliable("ClientMessage", Uint8Array.of(...logout, 0)), { code: "Trailing" });
  const pickUp = encodeReliable("ClientMessage", { type: "PickUp", entity: 250 });
  pickUp[pickUp.length - 1] |= 0x80;
  assert.throws(() => decodeReliable("ClientMessage", pickUp), { code: "Trailing" });
  assert.throws(() => decodeReliable("ClientMessage", new Uint8Array(1001)), { code: "TooLong" });
  const long = { type: "Chat", text: "x".repeat(999) };
  assert.throws(() => encodeReliable("ClientMessage", long), { code: "TooLong" });
});

test("bytes after a frame or a snapshot are refused", () => {
  const frame = writeClientFrame({ ack: { newest: 7, before: 0 }, commands: [] });
  assert.deepEqual(readClientFrame(frame).commands, []);
  assert.throws(() => readClientFrame(Uint8Array.of(...frame, 0)), { code: "Trailing" });
  const body = snapshotBody({ tick: 1 });
  assert.throws(() => new WorldView(9, 0).apply(Uint8Array.of(...body, 0)), { code: "Snapshot" });
  assert.equal(new WorldView(9, 0).apply(body).tick, 1);
});

test("counts of more than can follow are refused before a value is read", () => {
  const counting = (count, bits) => {
    const out = new BitWriter();
    out.putUint(count);
    const countBits = out.lenBits;
    for (let left = bits; left > 0; left -= 1) out.put(0, 1);
    return { from: new BitReader(out.toBytes()), countBits };
  };
  assert.equal(codecOf("list<bool>").read(counting(56, 56).from).length, 56);
  assert.equal(codecOf("text").read(counting(8, 64).from), "\0".repeat(8));
  for (const [type, count, bits] of [
    ["list<bool>", 57, 56],
    ["list<u32>", 0xffffffff, 62],
    ["text", 9, 64],
  ]) {
    const { from, countBits } = counting(count, bits);
    assert.throws(() => codecOf(type).read(from), { code: "Malformed" }, type);
    assert.equal(from.at, countBits, `nothing but the count of a ${type} is read`);
  }
});

test("numbers that their type does not hold are refused, both ways", () => {
  const out = new BitWriter();
  out.putUint(65_536);
  assert.throws(() => codecOf("u16").read(new BitReader(out.toBytes())), { code: "Malformed" });
  assert.equal(codecOf("u32").read(new BitReader(out.toBytes())), 65_536);
  for (const [type, value] of [
    ["u8", 256],
    ["u16", 65_536],
    ["u32", -1],
    ["u32", 1.5],
    ["i32", 2 ** 31],
    ["u64", -1n],
    ["u64", 2n ** 64n],
    ["angle", 256],
    ["u32", NaN],
  ]) {
    assert.throws(() => codecOf(type).write(new BitWriter(), value), RangeError, `${type} ${value}`);
  }
  for (const [type, value] of [
    ["bool", 1],
    ["text", 5],
    ["uuid", "x"],
    ["ClientMessage", { type: "Fly" }],
    ["Refusal", "Tired"],
  ]) {
    assert.throws(() => codecOf(type).write(new BitWriter(), value), TypeError, `${type} ${value}`);
  }
});

test("texts are kept to the letter, and what is not UTF-8 is refused", () => {
  for (const text of ["", "\ufeffJörg", "\u0000", "🜲"]) {
    const out = new BitWriter();
    codecOf("text").write(out, text);
    assert.equal(codecOf("text").read(new BitReader(out.toBytes())), text);
  }
  const out = new BitWriter();
  out.putUint(1);
  out.put(0xff, 8);
  assert.throws(() => codecOf("text").read(new BitReader(out.toBytes())), { code: "Malformed" });
});

test("each rule of payloads has its own fault", () => {
  const faults = [
    ["", "Length"],
    ["05", "Length"],
    ["05".repeat(1201), "Length"],
    ["0204" + "0000", "Version"],
    ["0500", "Flags"],
    ["0520", "Flags"],
    ["0503", "Flags"],
    ["0508", "Flags"],
    ["0504" + "00", "End"],
    ["0504" + "000000", "End"],
    ["0510" + "01" + "0000" + "0200" + "01", "End"],
    ["0510" + "00" + "0000", "Message"],
    ["0510" + "01" + "0000" + "0000", "Message"],
    ["0510" + "01" + "0000" + "e903", "Message"],
  ];
  for (const [hex, code] of faults) assert.throws(() => openPayload(fromHex(hex)), { code }, hex);
});

test("parts that do not fit are refused, and the next message is read", () => {
  const byte = [1];
  const wrong = [
    [[1, 3, byte]],
    [
      [0, 3, byte],
      [2, 3, byte],
    ],
    [
      [0, 2, byte],
      [0, 2, byte],
    ],
    [
      [0, 3, byte],
      [1, 3, byte],
      [1, 3, byte],
    ],
    [
      [0, 3, byte],
      [1, 4, byte],
    ],
    [
      [0, 3, byte],
      [1, 2, byte],
    ],
    [[0, 0, []]],
    [[0, 65, byte]],
    [
      [0, 3, byte],
      [1, 3, new Array(901)],
    ],
  ];
  for (const parts of wrong) {
    const reassembly = new Reassembly();
    const last = parts.pop();
    for (const part of parts) assert.equal(reassembly.take(...part), null);
    assert.throws(() => reassembly.take(...last), { code: "BadPart" });
    assert.equal(reassembly.take(0, 2, [8]), null);
    assert.deepEqual([...reassembly.take(1, 2, [9])], [8, 9], "nothing of it is left");
  }
});

/** All that a view shows. */
function shown(view) {
  const entities = [...view.entities()].map(([id, { course, components }]) => [id, course, { ...components }]);
  return { head: view.head, ack: view.ack, unknown: view.unknownEntities, entities };
}

test("a damaged snapshot changes nothing", () => {
  const random = new Random(11);
  const course = new Course({ x: 5000, y: 6000 }, 3);
  const entity = (id, health) => ({
    entity: id,
    is_new: true,
    course,
    components: { Health: { current: health, max: 100 } },
  });
  let refused = 0;
  for (let round = 0; round < 3000; round += 1) {
    const view = new WorldView(9, 39_999);
    const position = { x: 5000, y: 5000 };
    assert.ok(view.apply(snapshotBody({ tick: 40_000, position, entities: [1, 2, 3].map((id) => entity(id, 50)) })));
    const entities = [2, 4].map((id) => entity(id, random.below(100)));
    const body = snapshotBody({ tick: 40_008, position, despawns: [1], entities });
    body[random.below(body.length)] = random.below(256);
    const before = shown(view);
    const isApplied = isRead(
      (bytes) => assert.notEqual(view.apply(bytes), undefined),
      body.subarray(0, body.length - random.below(6)),
    );
    if (isApplied) continue;
    refused += 1;
    assert.deepEqual(shown(view), before);
  }
  assert.ok(refused > 1000, `${refused} were refused`);
});

test("what is illegal in a snapshot is refused", () => {
  const position = { x: 5000, y: 5000 };
  const apply = (frame) => new WorldView(9, 0).apply(snapshotBody({ tick: 1, position, ...frame }));
  assert.ok(apply({ despawns: [1, 2], entities: [{ entity: 3 }] }));
  for (const despawns of [
    [0, 1],
    [2, 2],
  ])
    assert.throws(() => apply({ despawns }), { code: "Snapshot" }, `${despawns}`);
  const farthest = { x: FARTHEST_UNITS, y: FARTHEST_UNITS };
  for (const [near, x, y] of [
    [{ x: 0, y: 0 }, -1, 5],
    [{ x: 0, y: 0 }, 5, -1],
    [farthest, FARTHEST_UNITS + 1, FARTHEST_UNITS],
    [farthest, FARTHEST_UNITS, FARTHEST_UNITS + 1],
  ]) {
    const entities = [{ entity: 1, course: new Course({ x, y }, 0) }];
    assert.throws(() => apply({ position: near, entities }), { code: "Snapshot" }, `${x}, ${y}`);
  }
  assert.ok(apply({ position: farthest, entities: [{ entity: 1, course: new Course(farthest, 0) }] }));
  const nothingGoesSo = { toFields: () => ({ going: 3, facing: 0 }) };
  assert.throws(() => apply({ entities: [{ entity: 1, course: nothingGoesSo }] }), { code: "Snapshot" });
  assert.throws(() => new WorldView(9, 0).apply(new Uint8Array(4)), { code: "Head" });
});

test("garbage is never anything but an error of this library", () => {
  const random = new Random(5);
  let [refused, opened] = [0, 0];
  for (let round = 0; round < 5000; round += 1) {
    const bytes = random.bytes(random.below(200));
    refused += isRead((some) => decodeReliable("ServerMessage", some), bytes) ? 0 : 1;
    isRead((some) => new WorldView().apply(some), bytes);
    opened += isRead(openPayload, Uint8Array.of(DATAGRAM_VERSION, random.below(32), ...bytes)) ? 1 : 0;
  }
  assert.ok(refused > 4000, `${refused} were refused`);
  assert.ok(opened > 500, `${opened} were read as payloads`);
});
