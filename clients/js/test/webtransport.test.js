// The WebTransport transport, with the test as the server; and what is taken where it comes to nothing.

import assert from "node:assert/strict";
import { test } from "node:test";
import { GameClient } from "../src/client.js";
import { Host } from "../src/host.js";
import { openPayload, sealPayload } from "../src/payload.js";
import { FrameReader, framed } from "../src/transport/framing.js";
import { SILENCE_MS } from "../src/transport/transport.js";
import { WebTransportTransport } from "../src/transport/webtransport.js";
import { FakeClock, settle } from "./testing/clock.js";
import { MapServer, grant } from "./testing/map-server.js";
import { fakeSessions } from "./testing/sessions.js";
import { fakeSockets } from "./testing/sockets.js";

const TICKET = Uint8Array.of(1, 2, 3);
const GREETING = Uint8Array.of(4, 5);
const FRAME = { ack: { newest: 0, before: 0 }, commands: [] };
const URL = "https://127.0.0.1:4001/play";
const GRANT = { map_wt_url: URL, map_wt_cert_sha256: null };

async function connected(more = {}) {
  const clock = new FakeClock();
  const { WebTransport, opened } = fakeSessions();
  const host = new Host({ ...clock.options, WebTransport });
  const transport = await WebTransportTransport.connect(host, { ...GRANT, ...more }, { ticket: TICKET, greeting: GREETING }, 3000);
  const heard = { incoming: [], ended: [] };
  transport.listen({ incoming: (one) => heard.incoming.push(one), ended: (reason) => heard.ended.push(reason) });
  await settle();
  return { clock, session: opened[0], transport, heard };
}

/** One that has sent its first payload, on the stream. What came on that before is taken away. */
async function playing() {
  const all = await connected();
  all.transport.finishTick(FRAME);
  await settle();
  all.session.streamed = [];
  return all;
}

/** What the stream begins with, message by message. */
function beginningOf(session) {
  const frames = new FrameReader();
  frames.push(session.beginning);
  const messages = [];
  for (let next = frames.next(); next; next = frames.next()) messages.push(next.payload);
  return messages;
}

function message(byte, first = 0) {
  return sealPayload({ first, messages: [Uint8Array.of(byte)] });
}

test("ticket and greeting go with the request, and payloads as datagrams", async () => {
  const { session, transport } = await connected();
  assert.deepEqual([session.url.split("?")[0], session.options], [URL, { requireUnreliable: true }]);
  const [ticket, greeting, ...more] = beginningOf(session);
  assert.deepEqual([ticket, openPayload(greeting).messages, more], [TICKET, [GREETING], []]);
  transport.finishTick(FRAME);
  await settle();
  const [low, high, ...first] = session.streamed;
  assert.deepEqual([low + 256 * high, session.sent], [first.length, []], "one goes on the stream, which nobody sees before");
  assert.equal(openPayload(Uint8Array.from(first)).section.type, "Input");
  transport.sendMessage(Uint8Array.of(7));
  transport.finishTick(FRAME);
  await settle();
  const { messages, section } = openPayload(session.sent[0]);
  assert.deepEqual([messages, section.type, session.streamed.length], [[Uint8Array.of(7)], "Input", 2 + first.length]);
});

test("a URL that asks for more keeps it", async () => {
  const { session } = await connected({ map_wt_url: `${URL}?x=1` });
  assert.ok(session.url.startsWith(`${URL}?x=1&stream=`), session.url);
});

test("a payload that is too long for a datagram goes on the stream", async () => {
  const { session, transport } = await playing();
  session.datagrams.maxDatagramSize = 20;
  transport.sendMessage(new Uint8Array(100).fill(7));
  transport.finishTick(null);
  await settle();
  const length = session.streamed.length - 2;
  assert.deepEqual([session.sent.length, session.streamed.slice(0, 2)], [0, [length, 0]], "its length, the lower byte first");
  assert.equal(openPayload(Uint8Array.from(session.streamed.slice(2))).messages[0].length, 100);
});

test("payloads come from both, in pieces and in any order", async () => {
  const { session, transport, heard } = await connected();
  const [one, two] = [framed(message(1)), framed(message(2, 1))];
  session.say(message(3, 2));
  const bytes = [...one, ...two];
  for (const at of [0, 1, 5]) {
    session.stream(...bytes.slice(at, { 0: 1, 1: 5, 5: bytes.length }[at]));
    await settle();
  }
  assert.deepEqual(
    heard.incoming.map(({ bytes: [byte] }) => byte),
    [1, 2, 3],
  );
  assert.deepEqual([transport.traffic.payloadsIn, transport.traffic.badPayloads], [3, 0]);
});

test("a certificate is known by its hash", async () => {
  const { session } = await connected({ map_wt_cert_sha256: "0aFF".repeat(16) });
  const [{ algorithm, value }] = session.options.serverCertificateHashes;
  assert.deepEqual([algorithm, [...value]], ["sha-256", new Array(16).fill([10, 255]).flat()]);
  const unreadable = connected({ map_wt_cert_sha256: "x" });
  await assert.rejects(unreadable, { type: "Socket", reason: "cannot read the certificate's hash" });
});

test("an end on the stream says why, and the session is closed", async () => {
  for (const [code, type] of [
    [1000, "ByServer"],
    [1008, "Refused"],
    [1009, "Socket"],
    [1013, "Denied"],
  ]) {
    const { session, transport, heard } = await connected();
    session.stream(0);
    session.stream(0, code & 255);
    await settle();
    assert.deepEqual(heard.ended, [], "the code is not complete");
    session.stream(code >> 8);
    await settle();
    assert.deepEqual(heard.ended, [{ type, code, reason: "" }]);
    assert.ok(session.isClosed);
    transport.finishTick(FRAME);
    await settle();
    assert.equal(session.sent.length, 0, "nobody hears it any more");
  }
});

test("who had no stream is told with the session's own close", async () => {
  for (const [code, type] of [
    [1008, "Refused"],
    [1013, "Denied"],
    [0, "Socket"],
  ]) {
    const { session, heard } = await connected();
    session.end({ closeCode: code });
    session.endStream();
    await settle();
    assert.deepEqual(heard.ended, [{ type, code: code || 1006, reason: "" }]);
  }
});

test("an end on the stream counts though that of the session is told before it", async () => {
  const { session, heard } = await connected();
  session.end();
  session.stream(0, 0, 1008 & 255, 1008 >> 8);
  await settle();
  assert.deepEqual(heard.ended, [{ type: "Refused", code: 1008, reason: "" }]);
});

test("a session that breaks, and a message that is too long, end the connection", async () => {
  const broken = await connected();
  broken.session.breakDown();
  await settle();
  assert.deepEqual(broken.heard.ended, [{ type: "Socket", code: 1006, reason: "" }]);
  const long = await connected();
  long.session.stream(...framed(message(1)), 177, 4, 0);
  await settle();
  assert.deepEqual(long.heard.ended, [{ type: "Socket", code: 1009, reason: "a message of 1201 bytes is too long" }]);
  assert.equal(long.heard.incoming.length, 1, "what came before is taken");
  assert.ok(long.session.isClosed);
});

test("who leaves says so on the stream, and then closes the session", async () => {
  const { session, transport, clock } = await connected();
  transport.close();
  transport.close();
  assert.equal(session.isClosed, false, "not before it has gone out");
  await settle();
  assert.deepEqual([session.streamed.slice(-2), session.hasEndedStream, session.isClosed], [[0, 0], true, true]);
  assert.equal(clock.waiting, 0);
});

test("a server that falls silent has gone, and what cannot be sent is not piled up", async () => {
  const { clock, session, transport, heard } = await connected();
  let release;
  const held = new Promise((resolve) => (release = resolve));
  session.hear = () => held;
  for (let tick = 0; tick < 40; tick += 1) {
    transport.sendMessage(new Uint8Array(200));
    transport.finishTick(FRAME);
  }
  await settle();
  const bytes = transport.traffic.bytesOut;
  assert.ok(bytes > 4096 && bytes < 4096 + 1200, `${bytes} bytes were given to a session that sends nothing`);
  release();
  for (let write = 0; write < session.sent.length; write += 1) await settle();
  transport.finishTick(FRAME);
  assert.ok(transport.traffic.bytesOut > bytes, "once it sends again, it is given more");
  await clock.pass(SILENCE_MS);
  transport.finishTick(FRAME);
  assert.equal(heard.ended[0].type, "TimedOut");
});

test("while nothing comes only a tick in each half second is sent, and all again once something has come", async () => {
  const { clock, session, transport } = await playing();
  const sentIn = async (ticks) => {
    session.sent = [];
    for (let tick = 0; tick < ticks; tick += 1) {
      await clock.pass(50);
      transport.finishTick(FRAME);
    }
    await settle();
    return session.sent.length;
  };
  session.say(message(1));
  await settle();
  assert.equal(await sentIn(9), 9, "as long as the server may have been slow");
  assert.equal(await sentIn(41), 5, "at 0.5, 1, 1.5, 2 and 2.5 s");
  session.say(message(2, 1));
  await settle();
  assert.equal(await sentIn(9), 9);
});

test("a frame reader takes what is complete, and nothing of what is too long", () => {
  const frames = new FrameReader();
  assert.equal(frames.next(), null);
  frames.push(framed(new Uint8Array(1200).fill(9)));
  assert.equal(frames.next().payload.length, 1200);
  frames.push(Uint8Array.of(177, 4));
  assert.throws(() => frames.next(), { code: "Length" });
});

/** A client on a server that answers both, or the one that `opens` says. */
function entering({ opens = () => true, ...options } = {}) {
  const clock = new FakeClock();
  const servers = [];
  // One that the test refuses itself says nothing.
  const greets = () => !options.anotherGrant || servers.length > 0;
  const serve = (socket) => servers.push(new MapServer(socket, clock, { greets: greets() }));
  const { WebTransport, opened: sessions } = fakeSessions((session) => {
    if (opens("webtransport")) queueMicrotask(() => session.accept());
  });
  const { WebSocket, opened: sockets } = fakeSockets((socket) => {
    serve(socket);
    queueMicrotask(() => socket.accept());
  });
  const both = grant({ map_wt_url: URL });
  const client = GameClient.enter(both, { ...clock.options, WebSocket, WebTransport, ...options });
  return { clock, servers, sessions, sockets, client };
}

/** The map server behind a session: it has heard what came with the request, and hears datagrams. */
function behind(session, clock) {
  const server = new MapServer(session, clock);
  for (const message of beginningOf(session)) session.hear(message);
  return server;
}

test("a client plays over WebTransport where there is any", async () => {
  const { clock, sessions, sockets, client } = entering({ intent: () => ({ heading: 0 }) });
  const server = behind(sessions[0], clock);
  await clock.pass(200);
  const player = await client;
  for (let tick = 0; tick < 20; tick += 1) {
    server.step();
    await clock.pass(50);
  }
  assert.deepEqual([...server.ticket], [1, 2, 3, 255, 239]);
  assert.ok(server.applied > 10, `${server.applied} commands were applied`);
  assert.deepEqual([player.transport, sockets.length], ["webtransport", 0]);
  player.close();
});

test("where WebTransport comes to nothing a WebSocket is taken within 3 s, on the next journey at once", async () => {
  const { clock, servers, sessions, client } = entering({ opens: () => false });
  await clock.pass(2900);
  assert.deepEqual([sessions.length, servers.length], [1, 0]);
  await clock.pass(300);
  const player = await client;
  assert.deepEqual([player.transport, sessions[0].isClosed], ["websocket", true]);
  servers[0].tell({ type: "Travel", grant: JSON.stringify(grant({ map_wt_url: URL })) });
  servers[0].flush();
  await clock.pass(200);
  assert.deepEqual([servers.length, sessions.length, player.isConnected], [2, 1, true]);
  player.close();
});

test("a ticket that WebTransport has spent before it came to nothing is followed by another", async () => {
  const asked = [];
  const anotherGrant = async () => (asked.push("another"), grant({ map_wt_url: URL }));
  const { clock, sockets, sessions, client } = entering({ opens: () => false, anotherGrant });
  await clock.pass(3100);
  const [first] = sockets;
  assert.deepEqual([first.sent[0], sessions.length], [beginningOf(sessions[0])[0], 1], "the same one on the WebSocket");
  assert.deepEqual(asked, []);
  first.end(1008);
  await clock.pass(200);
  const player = await client;
  assert.deepEqual([asked.length, sockets.length, sessions.length, player.transport], [1, 2, 1, "websocket"]);
  player.close();
});

test("a WebSocket is taken where WebTransport is refused, missing or not wanted", async () => {
  const refused = entering();
  refused.sessions[0].refuse();
  const missing = entering({ WebTransport: undefined });
  const unwanted = entering({ transport: "websocket" });
  for (const { clock, client } of [refused, missing, unwanted]) {
    await clock.pass(200);
    const player = await client;
    assert.equal(player.transport, "websocket");
    player.close();
  }
});

test("who wants nothing but WebTransport gets nothing else", async () => {
  const none = entering({ WebTransport: undefined, transport: "webtransport" });
  await assert.rejects(none.client, { kind: "NoWebTransport" });
  const { clock, servers, client } = entering({ opens: () => false, transport: "webtransport" });
  const failed = assert.rejects(client, { kind: "Closed", isWorthAnotherTicket: true });
  await clock.pass(10_000);
  await failed;
  assert.equal(servers.length, 0);
  await assert.rejects(entering({ transport: "pigeons" }).client, RangeError);
});

test("entering that is called off closes the session and tries no WebSocket", async () => {
  const calledOff = new AbortController();
  const { clock, servers, sessions, client } = entering({ opens: () => false, signal: calledOff.signal });
  const failed = assert.rejects(client, { name: "AbortError" });
  await clock.pass(100);
  calledOff.abort();
  await failed;
  await clock.pass(5000);
  assert.deepEqual([sessions[0].isClosed, servers.length, clock.waiting], [true, 0, 0]);
});

test("a fault in the program's own code is passed on, and does not end the reading", async (t) => {
  const { session, transport, heard } = await connected();
  const thrown = [];
  const soon = queueMicrotask;
  t.mock.method(globalThis, "queueMicrotask", (act) => {
    soon(() => {
      try {
        act();
      } catch (error) {
        thrown.push(error.message);
      }
    });
  });
  const fails = (one) => {
    heard.incoming.push(one);
    throw new Error("the program's own");
  };
  transport.listen({ incoming: fails, ended: (reason) => heard.ended.push(reason) });
  session.say(message(1));
  await settle();
  session.stream(...framed(message(2, 1)));
  await settle();
  session.say(message(3, 2));
  await settle();
  assert.deepEqual([heard.incoming.length, heard.ended, thrown], [3, [], Array(3).fill("the program's own")]);
});
