// Reliable messages over links that lose, repeat and reorder payloads.

import assert from "node:assert/strict";
import { test } from "node:test";
import { DATAGRAM_VERSION, LIMITS } from "../src/generated/protocol.js";
import { openPayload, sealPayload } from "../src/payload.js";
import { QueueError, Stream } from "../src/stream.js";
import { HELD_BYTES } from "../src/stream/receiver.js";
import { QUEUE_BYTES, QUEUE_MESSAGES } from "../src/stream/sender.js";
import { Random } from "./testing/random.js";

const TICK_MS = 33;
const ALONE_AFTER_MS = 60;

const input = (length) => ({ type: "Input", body: new Uint8Array(length) });
const message = (byte, length) => new Uint8Array(length).fill(byte);

function composed(stream, section, nowMs) {
  const payloads = stream.compose(section, nowMs);
  assert.ok(
    payloads.every((payload) => payload.length <= LIMITS.payload_bytes),
    "a payload is too long",
  );
  return payloads;
}

function deliver(to, payloads, nowMs) {
  for (const payload of payloads) to.receive(openPayload(payload), nowMs);
}

function drain(stream) {
  const heard = [];
  for (let next = stream.nextMessage(); next; next = stream.nextMessage()) heard.push(next);
  return heard;
}

test("a message and its acknowledgement ride in frames, and then cost nothing", () => {
  const [near, far] = [new Stream(ALONE_AFTER_MS), new Stream(ALONE_AFTER_MS)];
  assert.equal(near.queue(Uint8Array.of(1, 2, 3)), 0);
  const lengths = [];
  for (let tick = 0; tick < 5; tick += 1) {
    const out = composed(near, input(20), tick * TICK_MS);
    deliver(far, out, tick * TICK_MS);
    const back = composed(far, input(10), tick * TICK_MS);
    deliver(near, back, tick * TICK_MS);
    assert.deepEqual([out.length, back.length], [1, 1], "one payload each way");
    lengths.push([out[0].length, back[0].length]);
  }
  assert.deepEqual(drain(far), [Uint8Array.of(1, 2, 3)]);
  assert.ok(near.isAcknowledged && near.isQuiet && far.isQuiet);
  assert.deepEqual(lengths, [
    [30, 14],
    [22, 14],
    [22, 12],
    [22, 12],
    [22, 12],
  ]);
  assert.equal(near.queue(Uint8Array.of(4)), 1, "ids count on");
});

test("without frames an acknowledgement goes alone, once", () => {
  const [near, far] = [new Stream(ALONE_AFTER_MS), new Stream(ALONE_AFTER_MS)];
  near.queue(Uint8Array.of(1));
  deliver(far, composed(near, null, 0), 0);
  const alone = Array.from({ length: 2000 }, (_, ms) => ms).filter((ms) => composed(far, null, ms).length > 0);
  assert.deepEqual(alone, [ALONE_AFTER_MS]);
});

/** How many of a burst of messages arrive in each tick. */
function arrivals(count, length) {
  const [near, far] = [new Stream(ALONE_AFTER_MS), new Stream(ALONE_AFTER_MS)];
  for (let number = 0; number < count; number += 1) near.queue(message(number, length));
  const arrived = [];
  while (!near.isAcknowledged && arrived.length < 50) {
    const now = arrived.length * TICK_MS;
    deliver(far, composed(near, input(300), now), now);
    deliver(near, composed(far, input(30), now), now);
    arrived.push(drain(far).length);
  }
  return arrived;
}

test("a burst goes at once as far as the window reaches", () => {
  assert.deepEqual(arrivals(60, 900), [18, 18, 18, 6], "16,384 bytes at most");
  assert.deepEqual(arrivals(64, 256), [64]);
  assert.deepEqual(arrivals(150, 1), [64, 64, 22], "64 messages at most");
});

test("only what is missing is sent again", () => {
  const [near, far] = [new Stream(ALONE_AFTER_MS), new Stream(ALONE_AFTER_MS)];
  for (let number = 0; number < 3; number += 1) near.queue(message(number, 900));
  const out = composed(near, null, 0);
  assert.equal(out.length, 3);
  deliver(far, [out[0], out[2]], 0);
  deliver(near, composed(far, input(1), 0), 0);
  assert.deepEqual(composed(near, null, 99), [], "not before its time");
  assert.deepEqual(composed(near, null, 100), [out[1]]);
  assert.equal(drain(far).length, 1, "the third waits for the second");
});

test("what an acknowledgement has no bit for is not sent again before it can be named", () => {
  const [near, far] = [new Stream(ALONE_AFTER_MS), new Stream(ALONE_AFTER_MS)];
  for (let number = 0; number < LIMITS.messages_under_way; number += 1) near.queue(message(number, 200));
  const out = composed(near, null, 0);
  deliver(far, out.slice(1), 0);
  deliver(near, composed(far, input(1), 0), 0);
  assert.deepEqual(composed(near, null, 100), [out[0]], "all but these have arrived, and not all can be named");
});

test("an end that never answers is not flooded, and overflows", () => {
  const near = new Stream(ALONE_AFTER_MS);
  const fill = (stream, length) => {
    for (let count = 0; ; count += 1) {
      try {
        stream.queue(new Uint8Array(length));
      } catch (error) {
        assert.ok(error instanceof QueueError && error.code === "Full", error);
        return count;
      }
    }
  };
  assert.equal(fill(near, 1000), Math.floor(QUEUE_BYTES / 1000));
  assert.ok(near.isBehind);
  const sent = [];
  for (let ms = 0; ms < 6000; ms += 1) {
    const count = composed(near, null, ms).length;
    if (count > 0) sent.push([ms, count]);
  }
  const window = Math.floor(LIMITS.message_bytes_under_way / 1000);
  const times = [0, 100, 200, 400, 800, 1600, 2600, 3600, 4600, 5600];
  assert.deepEqual(
    sent,
    times.map((ms) => [ms, window]),
    "a window, and again ever later, up to once a second",
  );
  for (const length of [0, 1001]) assert.throws(() => near.queue(new Uint8Array(length)), { code: "Length" });
  assert.equal(fill(new Stream(ALONE_AFTER_MS), 1), QUEUE_MESSAGES);
});

const ack = (next, gaps) => openPayload(sealPayload({ ack: { next, gaps } }));
const said = (first, messages, ack = null) => openPayload(sealPayload({ ack, first, messages }));

test("acknowledgements of what was never sent are refused", () => {
  const near = new Stream(ALONE_AFTER_MS);
  for (const [next, gaps] of [
    [1, 0],
    [0, 1],
    [0xffff, 0],
    [0xffff, 1],
    [0x8000, 0],
  ]) {
    assert.throws(() => near.receive(ack(next, gaps), 0), { code: "NeverSent" }, `${next} ${gaps}`);
  }
  assert.throws(() => near.receive(said(0, [Uint8Array.of(1)], { next: 1, gaps: 0 }), 0), { code: "NeverSent" });
  assert.ok(!near.hasMessage && near.isQuiet, "and nothing beside it is taken");
  for (let left = 3; left > 0; left -= 1) near.queue(Uint8Array.of(1));
  assert.throws(() => near.receive(ack(1, 0), 0), { code: "NeverSent" }, "it is queued, and not sent yet");
  composed(near, null, 0);
  assert.throws(() => near.receive(ack(0, 0b100), 0), { code: "NeverSent" });
  near.receive(ack(0, 0b10), 0);
  assert.throws(() => near.receive(ack(2, 0b1), 0), { code: "NeverSent" });
  near.receive(ack(3, 0), 0);
  assert.ok(near.isAcknowledged);
  near.receive(ack(1, 0b1), 0);
  assert.ok(near.isAcknowledged, "an older one that was overtaken");
});

test("what is outside the window is refused, and changes nothing", () => {
  const far = new Stream(ALONE_AFTER_MS);
  const one = Uint8Array.of(1);
  for (const outside of [said(64, [one]), said(62, [one, one, one]), said(0xffff, [one, one])]) {
    assert.throws(() => far.receive(outside, 0), { code: "OutsideWindow" });
  }
  assert.ok(!far.hasMessage && far.isQuiet);
  far.receive(said(63, [one]), 0);
  const kilobyte = new Uint8Array(1000);
  for (let id = 1; id <= 32; id += 1) far.receive(said(id, [kilobyte]), 0);
  far.queue(one);
  composed(far, null, 0);
  const acked = { next: 1, gaps: 0 };
  for (const tooMuch of [said(33, [kilobyte]), said(33, [kilobyte], acked)]) {
    assert.throws(() => far.receive(tooMuch, 0), { code: "TooMuch" });
    assert.ok(!far.isAcknowledged, "nor is what is beside it taken");
  }
  far.receive(said(0, [Uint8Array.of(5)]), 0);
  assert.equal(drain(far).length, 33);
});

test("what nobody takes is bounded, and comes again", () => {
  for (const [length, most] of [
    [1000, Math.floor(HELD_BYTES / 1000)],
    [1, LIMITS.messages_under_way],
  ]) {
    const [near, far] = [new Stream(ALONE_AFTER_MS), new Stream(ALONE_AFTER_MS)];
    for (let number = 0; number < 200; number += 1) near.queue(message(number, length));
    const arrived = [];
    for (let tick = 0; tick < 300; tick += 1) {
      deliver(far, composed(near, null, tick * TICK_MS), tick * TICK_MS);
      deliver(near, composed(far, input(1), tick * TICK_MS), tick * TICK_MS);
      if (tick === 99) assert.equal(arrived.push(...drain(far)), most);
      else if (tick > 99) arrived.push(...drain(far));
    }
    assert.deepEqual(
      arrived.map(([byte]) => byte),
      Array.from({ length: 200 }, (_, number) => number),
    );
  }
});

test("ids wrap around", () => {
  const [near, far] = [new Stream(ALONE_AFTER_MS), new Stream(ALONE_AFTER_MS)];
  let [sent, arrived] = [0, 0];
  for (let tick = 0; tick < 2000; tick += 1) {
    const now = tick * TICK_MS;
    for (; sent < arrived + 100; sent += 1) near.queue(Uint8Array.of(sent & 255, (sent >> 8) & 255, sent >> 16));
    const out = composed(near, null, now);
    // The payloads of some ticks are lost. Those of others arrive in reverse order.
    if (tick % 29 !== 3) deliver(far, out.reverse(), now);
    for (const [low, middle, high] of drain(far)) {
      assert.equal(low | (middle << 8) | (high << 16), arrived);
      arrived += 1;
    }
    deliver(near, composed(far, input(1), now), now);
  }
  assert.ok(arrived > 65_536, `once around, not only ${arrived}`);
});

/** A link that loses, repeats and delays what is sent, for so many payloads, and then loses nothing. */
class Link {
  #underWay = [];

  constructor(random, fates) {
    this.random = random;
    this.fates = fates;
  }

  send(round, payloads) {
    for (const payload of payloads) {
      this.fates -= 1;
      const fate = this.fates > 0 ? this.random.below(8) : 0;
      const delay = this.fates > 0 ? this.random.below(4) : 0;
      if (fate === 5 || fate === 6) continue;
      this.#underWay.push({ at: round + delay, payload });
      if (fate === 7) this.#underWay.push({ at: round + 3, payload });
    }
  }

  arrived(round) {
    const now = this.#underWay.filter(({ at }) => at <= round).reverse();
    this.#underWay = this.#underWay.filter(({ at }) => at > round);
    return now.map(({ payload }) => payload);
  }
}

test("everything arrives once and in order over any link", () => {
  let messages = 0;
  for (let seed = 0; seed < 60; seed += 1) {
    const random = new Random(seed);
    const ends = [new Stream(ALONE_AFTER_MS), new Stream(ALONE_AFTER_MS)];
    const links = ends.map(() => new Link(random, random.below(600)));
    const lengths = ends.map(() => Array.from({ length: random.below(120) }, () => 1 + random.below(1000)));
    const told = lengths.map((list) => list.map((length, number) => message(number, length)));
    ends.forEach((end, side) => told[side].forEach((one) => end.queue(one)));
    const heard = [[], []];
    let now = 0;
    let quietRounds = 0;
    for (let round = 0; round < 5000 && quietRounds <= 8; round += 1) {
      now += 1 + random.below(119);
      for (const side of [0, 1]) {
        const section = random.once(3) ? null : input(1 + random.below(LIMITS.section_bytes));
        const sent = composed(ends[side], section, now);
        const inFirst = sent.map((payload) => openPayload(payload).section !== null);
        assert.deepEqual(
          inFirst,
          sent.map((_, place) => section !== null && place === 0),
          "the first has the section",
        );
        links[side].send(round, sent);
        deliver(ends[1 - side], links[side].arrived(round), now);
        heard[1 - side].push(...drain(ends[1 - side]));
      }
      quietRounds = ends.every((end) => end.isQuiet) ? quietRounds + 1 : 0;
    }
    assert.ok(quietRounds > 8, `both ends fall silent (seed ${seed})`);
    assert.deepEqual([heard[1], heard[0]], told, `seed ${seed}`);
    messages += told[0].length + told[1].length;
  }
  assert.ok(messages > 5000, `${messages} messages`);
});

/** Bytes after the head of a payload, or a payload in good form of what perhaps nobody sent. */
function hostile(random) {
  if (random.once(2)) {
    const body = Array.from({ length: random.below(40) }, () => (random.once(2) ? random.below(4) : random.below(70)));
    return Uint8Array.of(DATAGRAM_VERSION, 1 + random.below(31), ...body);
  }
  const messages = Array.from({ length: random.below(4) }, () => message(1, 1 + random.below(300)));
  const ack = random.once(2) ? { next: random.below(45), gaps: random.below(4) } : null;
  return sealPayload({ ack, first: random.below(random.once(2) ? 4 : 80), messages });
}

test("hostile payloads change nothing that is not theirs to change", () => {
  const random = new Random(3);
  let [refused, taken, heard] = [0, 0, 0];
  for (let round = 0; round < 300; round += 1) {
    const stream = new Stream(30);
    for (let number = 1; number <= 40; number += 1) stream.queue(message(number, number));
    for (let step = 0; step < 30; step += 1) {
      const before = [stream.hasMessage, stream.isAcknowledged];
      try {
        stream.receive(openPayload(hostile(random)), step * 20);
        taken += 1;
      } catch (error) {
        assert.equal(error.name, "ProtocolError", error.stack);
        assert.deepEqual([stream.hasMessage, stream.isAcknowledged], before);
        refused += 1;
      }
      for (const payload of composed(stream, step % 2 ? input(step) : null, step * 20)) openPayload(payload);
    }
    const held = drain(stream);
    assert.ok(held.length <= LIMITS.messages_under_way, `${held.length} messages were held`);
    heard += held.length;
  }
  assert.ok(refused > 1000 && taken > 1000, `${refused} were refused, ${taken} were taken`);
  assert.ok(heard > 500, `${heard} messages were heard`);
});
