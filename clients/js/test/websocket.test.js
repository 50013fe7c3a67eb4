// The WebSocket transport, with the test as the server.

import assert from "node:assert/strict";
import { test } from "node:test";
import { openPayload, sealPayload } from "../src/payload.js";
import { Host } from "../src/host.js";
import { SILENCE_MS } from "../src/transport/transport.js";
import { WebSocketTransport } from "../src/transport/websocket.js";
import { FakeClock, settle } from "./testing/clock.js";
import { fakeSockets } from "./testing/sockets.js";

const TICKET = Uint8Array.of(1, 2, 3);
const GREETING = Uint8Array.of(4, 5);
const OPENING = { ticket: TICKET, greeting: GREETING };
const FRAME = { ack: { newest: 0, before: 0 }, commands: [] };

function connecting() {
  const clock = new FakeClock();
  const { WebSocket, opened } = fakeSockets();
  const host = new Host({ ...clock.options, WebSocket });
  const transport = WebSocketTransport.connect(host, "ws://127.0.0.1:4001/play", OPENING, 2000);
  return { clock, socket: opened[0], transport };
}

async function connected() {
  const { clock, socket, transport } = connecting();
  socket.accept();
  const open = await transport;
  const heard = { incoming: [], ended: [] };
  open.listen({ incoming: (one) => heard.incoming.push(one), ended: (reason) => heard.ended.push(reason) });
  return { clock, socket, transport: open, heard };
}

test("the first message is the ticket, and each after it is one payload", async () => {
  const { socket, transport, heard } = await connected();
  assert.deepEqual([socket.url, socket.binaryType, socket.sent], ["ws://127.0.0.1:4001/play", "arraybuffer", [TICKET]]);
  assert.equal(transport.sendMessage(Uint8Array.of(7)), 1, "the greeting was the first");
  transport.finishTick(FRAME);
  assert.equal(socket.sent.length, 2);
  const { messages, section } = openPayload(socket.sent[1]);
  assert.deepEqual([messages, section.type], [[GREETING, Uint8Array.of(7)], "Input"]);
  const body = Uint8Array.of(9, 9);
  const payload = sealPayload({
    ack: { next: 1, gaps: 0 },
    first: 0,
    messages: [Uint8Array.of(5)],
    section: { type: "Snapshot", body },
  });
  socket.say(payload.slice().buffer);
  assert.deepEqual(heard.incoming, [
    { type: "Message", bytes: Uint8Array.of(5) },
    { type: "Frame", bytes: body },
  ]);
  transport.finishTick(FRAME);
  assert.deepEqual(openPayload(socket.sent[2]).ack, { next: 1, gaps: 0 });
  assert.deepEqual(
    [transport.traffic.payloadsIn, transport.traffic.payloadsOut, transport.traffic.badPayloads],
    [1, 2, 0],
  );
});

test("what no server sends is counted, and nothing of it is taken", async () => {
  const { socket, transport, heard } = await connected();
  const acknowledgesNothing = sealPayload({
    ack: { next: 3, gaps: 0 },
    section: { type: "Snapshot", body: Uint8Array.of(1) },
  });
  const input = sealPayload({ section: { type: "Input", body: Uint8Array.of(1) } });
  for (const bad of ["text", new ArrayBuffer(0), new ArrayBuffer(3), acknowledgesNothing.buffer, input.buffer])
    socket.say(bad);
  assert.deepEqual([heard.incoming, transport.traffic.badPayloads], [[], 5]);
});

test("each close code is a reason", async () => {
  const codes = [
    [1000, "ByServer"],
    [1001, "ByServer"],
    [1008, "Refused"],
    [1013, "Denied"],
    [1006, "Socket"],
    [1011, "Socket"],
  ];
  for (const [code, type] of codes) {
    const { socket, transport, heard } = await connected();
    socket.end(code, "why");
    assert.deepEqual(
      [heard.ended, transport.closeReason],
      [[{ type, code, reason: "why" }], { type, code, reason: "why" }],
    );
    transport.finishTick(FRAME);
    assert.equal(socket.sent.length, 1, "nobody hears it any more");
  }
});

test("a socket that does not open is given up", async () => {
  const { clock, socket, transport } = connecting();
  const failed = assert.rejects(transport, { type: "TimedOut" });
  await clock.pass(2000);
  await failed;
  assert.equal(socket.closedWith, 1000);
  socket.accept();
  assert.deepEqual([socket.sent, clock.waiting], [[], 0]);
  const refused = connecting();
  const rejected = assert.rejects(refused.transport, { type: "Denied", code: 1013 });
  refused.socket.end(1013);
  await rejected;
  assert.equal(refused.clock.waiting, 0, "no timer is left");
});

test("a socket that has opened and ended is shown no ticket", async () => {
  const { clock, socket, transport } = connecting();
  const failed = assert.rejects(transport, { type: "Denied", code: 1013 });
  socket.accept();
  socket.end(1013);
  await failed;
  assert.deepEqual([socket.sent, clock.waiting], [[], 0]);
});

test("an address that is none is the socket's fault", async () => {
  class WebSocket {
    constructor() {
      throw new SyntaxError("no address");
    }
  }
  await assert.rejects(WebSocketTransport.connect(new Host({ WebSocket }), "x", OPENING, 1), {
    type: "Socket",
    reason: "no address",
  });
});

test("a socket that fails without a close has failed all the same", async () => {
  const { clock, socket, transport } = connecting();
  const failed = assert.rejects(transport, { type: "Socket", code: 1006 });
  socket.fail();
  await failed;
  assert.equal(clock.waiting, 0);
});

test("a server that falls silent has gone", async () => {
  const { clock, socket, transport, heard } = await connected();
  await clock.pass(SILENCE_MS - 1);
  transport.finishTick(FRAME);
  socket.say(sealPayload({ section: { type: "Snapshot", body: Uint8Array.of(1) } }).slice().buffer);
  await clock.pass(SILENCE_MS - 1);
  transport.finishTick(FRAME);
  assert.deepEqual([heard.ended, socket.sent.length], [[], 3]);
  await clock.pass(1);
  transport.finishTick(FRAME);
  assert.deepEqual(
    [heard.ended.map(({ type }) => type), socket.closedWith, socket.sent.length],
    [["TimedOut"], 1000, 3],
  );
});

test("a socket that cannot send gets no more to send", async () => {
  const { socket, transport } = await connected();
  socket.bufferedAmount = 5000;
  transport.sendMessage(Uint8Array.of(7));
  transport.finishTick(FRAME);
  assert.equal(socket.sent.length, 1);
  socket.bufferedAmount = 0;
  transport.finishTick(FRAME);
  assert.deepEqual(openPayload(socket.sent[1]).messages, [GREETING, Uint8Array.of(7)], "it waits here instead");
});

test("what comes before anybody listens is kept, and what comes after the end is not heard", async () => {
  const { clock, socket, transport } = connecting();
  socket.accept();
  const open = await transport;
  const said = (first, byte) => sealPayload({ first, messages: [Uint8Array.of(byte)] }).slice().buffer;
  socket.say(said(0, 1));
  const heard = [];
  open.listen({ incoming: ({ bytes }) => heard.push(bytes[0]), ended: ({ type }) => heard.push(type) });
  open.close();
  socket.say(said(1, 2));
  open.close();
  await settle();
  assert.deepEqual([heard, socket.closedWith, clock.waiting], [[1, "ByClient"], 1000, 0]);
});
