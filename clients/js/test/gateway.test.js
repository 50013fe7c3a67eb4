// The gateway client and the way into the world, against a double of the gateway.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Entry } from "../src/entry.js";
import { Gateway } from "../src/gateway.js";
import { readGrant } from "../src/grant.js";
import { FakeClock, settle } from "./testing/clock.js";
import { MapServer, grant } from "./testing/map-server.js";
import { fakeSockets } from "./testing/sockets.js";

/** A gateway that welcomes the token `good`. `answer` is asked what to say to each request: events and data. */
function gateway(answer = () => []) {
  const clock = new FakeClock();
  const asked = [];
  const say = (socket, event, data) => socket.say(JSON.stringify({ event, data }));
  const sockets = fakeSockets((socket) => {
    queueMicrotask(() => {
      if (socket.url.includes("nowhere")) return socket.end(1006);
      if (socket.url.includes("nobody")) return socket.fail();
      if (socket.url.endsWith("/play")) {
        new MapServer(socket, clock);
        return socket.accept();
      }
      socket.accept();
      if (socket.protocols[1] !== "good") return socket.end(1008, "Invalid token");
      return say(socket, "welcome", { message: socket.url.includes("rude") ? "\u001b[31mred\n".repeat(99) : "Connected to Gateway" });
    });
    socket.hear = (text) => {
      asked.push(JSON.parse(text));
      for (const [event, data] of answer(asked.at(-1), socket)) say(socket, event, data);
    };
  });
  const lines = [];
  const options = { ...clock.options, WebSocket: sockets.WebSocket, log: (line) => lines.push(line) };
  return { clock, asked, opened: sockets.opened, say, lines, options };
}

const enters = ({ data }) => [
  ["enter_world_success", { ...grant({ character_id: data.character_id }), channel: data.channel ?? 1 }],
];

test("an admission has every field, and the token goes as a subprotocol", async () => {
  const { asked, opened, options } = gateway(enters);
  for (const url of ["ws://127.0.0.1:3002", "ws://127.0.0.1:3002/", "ws://127.0.0.1:3002/ws"]) {
    const open = await Gateway.connect(url, "good", options);
    assert.deepEqual(await open.enterWorld("hero", 2), grant({ channel: 2 }));
  }
  assert.deepEqual(
    opened.map(({ url, protocols }) => [url, protocols]),
    new Array(3).fill(["ws://127.0.0.1:3002/ws", ["bearer", "good"]]),
  );
  assert.deepEqual(asked[0], { event: "enter_world", data: { character_id: "hero", channel: 2 } });
});

test("the welcome message of the gateway is a line in the log", async () => {
  const { lines, options } = gateway();
  await Gateway.connect("ws://127.0.0.1:3002", "good", options);
  assert.deepEqual(lines, ["Welcome message: Connected to Gateway"]);
  await assert.rejects(Gateway.connect("ws://127.0.0.1:3002", "bad", options), { closeCode: 1008 });
  assert.equal(lines.length, 1, "a refused token has no welcome");

  await Gateway.connect("ws://rude:3002", "good", options);
  assert.match(lines[1], /^Welcome message: [^\p{Cc}]{200}$/u, "one line, of bounded length");
});

test("a grant may name its numbers as text, and must have all that is needed", () => {
  const told = grant({ map_id: "7", channel: "2", map_ws_url: undefined, spawn_pos: undefined, map_name: undefined });
  const { map_id, channel, map_ws_url, spawn_pos, map_name } = readGrant(told);
  assert.deepEqual([map_id, channel, map_ws_url, spawn_pos, map_name], [7, 2, null, null, null]);
  for (const missing of [
    "map_ip",
    "map_port",
    "ticket",
    "map_id",
    "channel",
    "server_id",
    "connect_token",
    "protocol_hash",
    "expires_in",
  ]) {
    assert.throws(() => readGrant({ ...grant(), [missing]: undefined }), TypeError, missing);
  }
  assert.throws(() => readGrant(null), TypeError);
});

test("an error has its code, and the socket goes on", async () => {
  const answers = [[["error", { code: "RATE_LIMITED", message: "later", retry_after: 7 }]], enters({ data: {} })];
  const { options } = gateway(() => answers.shift());
  const open = await Gateway.connect("ws://127.0.0.1:3002", "good", options);
  await assert.rejects(open.enterWorld("hero"), {
    kind: "Refused",
    code: "RATE_LIMITED",
    retryAfterS: 7,
    wantsFreshTokens: false,
  });
  assert.equal((await open.enterWorld("hero")).map_id, 1);
});

test("an error may have its fields at the top alone", async () => {
  const { options } = gateway((_, socket) => (socket.say('{"event":"error","code":"MAP_FULL","message":"m"}'), []));
  const open = await Gateway.connect("ws://127.0.0.1:3002", "good", options);
  await assert.rejects(open.enterWorld("hero"), { kind: "Refused", code: "MAP_FULL" });
});

test("a bad token is told by the close code, and nobody there is told apart from that", async () => {
  const { options, clock } = gateway();
  await assert.rejects(Gateway.connect("ws://127.0.0.1:3002", "bad", options), {
    kind: "Closed",
    closeCode: 1008,
    wantsFreshTokens: true,
  });
  await assert.rejects(Gateway.connect("ws://nowhere:3002", "good", options), {
    kind: "Unreachable",
    wantsFreshTokens: false,
  });
  await assert.rejects(Gateway.connect("ws://nobody:3002", "good", options), { kind: "Unreachable" });
  assert.equal(clock.waiting, 0);
});

test("one request at a time is asked, since a second one would close the socket", async () => {
  const { asked, options, opened, say } = gateway();
  const open = await Gateway.connect("ws://127.0.0.1:3002", "good", options);
  const first = open.enterWorld("hero");
  await assert.rejects(open.enterWorld("hero"), { code: "BAD_MESSAGE" });
  assert.equal(asked.length, 1);
  say(opened[0], "news", {});
  say(opened[0], "enter_world_success", grant());
  assert.equal((await first).ticket, grant().ticket);
});

test("silence and nonsense are answers too", async () => {
  const { clock, options, opened, say } = gateway();
  const open = await Gateway.connect("ws://127.0.0.1:3002", "good", options);
  const silent = assert.rejects(open.leaveWorld(), { kind: "Silent" });
  await clock.pass(14_000);
  say(opened[0], "leaving", { seconds: 30 });
  await clock.pass(44_000);
  assert.ok(open.isOpen, "a body in a fight takes its time");
  await clock.pass(1000);
  await silent;
  assert.equal(opened[0].closedWith, 1000, "a late answer must not answer another request");
  await assert.rejects(open.leaveWorld(), { kind: "Closed" });

  const other = await Gateway.connect("ws://127.0.0.1:3002", "good", options);
  const nonsense = assert.rejects(other.enterWorld("hero"), { kind: "Unreadable" });
  opened[1].say("nonsense");
  await nonsense;
  const half = assert.rejects(other.enterWorld("hero"), { kind: "Unreadable" });
  say(opened[1], "enter_world_success", { map_id: 1 });
  await half;
  const left = other.leaveWorld();
  say(opened[1], "leave_world_success", {});
  await left;
  assert.equal(clock.waiting, 0);
});

test("an entry keeps its socket as long as that works", async () => {
  const { clock, asked, opened, options } = gateway(enters);
  const entry = new Entry("ws://127.0.0.1:3002", "good", "hero", options);
  await entry.ticket();
  await entry.ticket(3);
  assert.equal(opened.length, 1);
  opened[0].end(1006);
  const entering = entry.enter({ channel: 2 });
  await clock.pass(200);
  const client = await entering;
  assert.ok(client.session.isEntered);
  assert.deepEqual(
    asked.map(({ data }) => data.channel),
    [undefined, 3, 2],
  );
  assert.deepEqual([opened.length, entry.tickets], [3, 3], "another socket to the gateway, and one to the map server");
  entry.setAccessToken("bad");
  assert.equal(opened[1].closedWith, 1000);
  await assert.rejects(entry.ticket(), { wantsFreshTokens: true });
  client.close();
});

test("an entry whose socket ends while it asks gets its ticket over another", async () => {
  const endsOnce = (one, socket) => (asked.length === 2 ? (socket.end(1006), []) : enters(one));
  const { asked, opened, options } = gateway(endsOnce);
  const entry = new Entry("ws://127.0.0.1:3002", "good", "hero", options);
  await entry.ticket();
  assert.equal((await entry.ticket(3)).channel, 3);
  assert.deepEqual([asked.length, opened.length], [3, 2]);
  entry.close();
});

test("an entry whose token is old asks for a newer one, once for each ticket", async () => {
  const { asked, opened, options } = gateway(enters);
  const tokens = ["still bad", "good"];
  const entry = new Entry("ws://127.0.0.1:3002", "bad", "hero", { ...options, freshToken: () => tokens.shift() });
  await assert.rejects(entry.ticket(), { wantsFreshTokens: true }, "the newer one is no good either");
  assert.deepEqual([tokens.length, opened.length], [1, 2]);
  await entry.ticket(2);
  assert.deepEqual(
    opened.map(({ protocols }) => protocols[1]),
    ["bad", "still bad", "still bad", "good"],
  );
  assert.deepEqual([asked.length, asked[0].data.channel, entry.tickets], [1, 2, 2]);
  await entry.ticket();
  assert.equal(opened.length, 4, "the socket is kept");
  entry.close();
});

test("who calls entering off while a newer token is on its way asks for no ticket", async () => {
  const { asked, opened, options } = gateway(enters);
  let answer;
  const freshToken = () => new Promise((resolve) => (answer = resolve));
  const entry = new Entry("ws://127.0.0.1:3002", "bad", "hero", { ...options, freshToken });
  const calledOff = new AbortController();
  const entering = entry.enter({ signal: calledOff.signal });
  const rejected = assert.rejects(entering, { name: "AbortError" });
  await settle();
  calledOff.abort();
  answer("good");
  await rejected;
  assert.deepEqual([asked.length, opened.length], [0, 1]);
});
