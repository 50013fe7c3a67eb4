// A player in the world, on doubles of the map server.

import assert from "node:assert/strict";
import { test } from "node:test";
import { GameClient } from "../src/client.js";
import { LEAVE_REASONS, REFUSALS } from "../src/generated/protocol.js";
import { Session } from "../src/session.js";
import { FakeClock } from "./testing/clock.js";
import { MapServer, SPEED, START, grant } from "./testing/map-server.js";
import { fakeSockets } from "./testing/sockets.js";

const TICK_MS = 50;

/** A world whose sockets open at once, each with a server double of its own. */
function world(arrange = () => ({})) {
  const clock = new FakeClock();
  const servers = [];
  const { WebSocket } = fakeSockets((socket) => {
    const options = arrange(servers.length);
    servers.push(new MapServer(socket, clock, options));
    if (options.refuses) queueMicrotask(() => socket.end(options.refuses));
    else queueMicrotask(() => socket.accept());
  });
  return { clock, servers, options: { ...clock.options, WebSocket } };
}

async function entered(more = {}, arrange = undefined) {
  const { clock, servers, options } = world(arrange);
  const entering = GameClient.enter(grant(), { ...options, ...more });
  await clock.pass(100);
  const client = await entering;
  return { clock, servers, server: servers[0], client };
}

test("entering shows the ticket, greets, and takes what play begins with", async () => {
  const { server, client } = await entered();
  assert.deepEqual([...server.ticket], [1, 2, 3, 255, 239]);
  assert.deepEqual(server.messages, [Session.hello()]);
  assert.equal(server.frames[0].commands.length, 0, "the first frame has no command");
  assert.ok(client.session.isEntered);
  client.close();
});

test("a player walks as predicted, though every third snapshot is lost", async () => {
  const { clock, server, client } = await entered({ intent: () => ({ heading: 0 }) });
  server.step();
  for (let tick = 0; tick < 100; tick += 1) {
    await clock.pass(client.session.pace.intervalMs);
    server.step({ isLost: tick % 3 === 0 });
  }
  assert.ok(server.applied > 90, `${server.applied} commands were applied`);
  assert.deepEqual(server.at, { x: START.x + server.applied * SPEED, y: START.y });
  const [last] = server.frames.at(-1).commands.slice(-1);
  assert.deepEqual(client.position, { x: START.x + last.number * SPEED, y: START.y }, "ahead by what is under way");
  assert.equal(client.session.corrections, 0);
  assert.ok(server.frames.every(({ commands }) => commands.length <= 7));
  server.step({ push: { x: 0, y: 500 } });
  assert.equal(client.session.corrections, 1);
  client.close();
  assert.equal(clock.waiting, 0, "no timer is left");
});

test("a display is told of ticks and snapshots, and shown without one is nothing", async () => {
  const { clock, server, client } = await entered();
  client.show(0);
  assert.equal(client.display, null);
  client.openDisplay();
  for (let tick = 0; tick < 5; tick += 1) server.step({ isLost: true });
  await clock.pass(TICK_MS);
  clock.freeze(300);
  server.step();
  client.show(null);
  assert.deepEqual(client.display.place(client.session, client.session.welcome.entity), START);
  assert.deepEqual(client.display.counters, { frames: 1, visibleCorrections: 0 });
  const { roundTripMs } = client.display.clock;
  assert.ok(roundTripMs > 200 && roundTripMs < 400, `the first command was answered after ${roundTripMs} ms`);
  client.close();
});

test("requests are sent with the next tick, and answered by their id", async () => {
  const messages = [];
  const { clock, server, client } = await entered({ onMessage: (message) => messages.push(message) });
  assert.deepEqual(
    messages.map(({ type }) => type),
    ["Welcome", "Content", "Inventory"],
    "what came before is told, too",
  );
  const id = client.ask({ type: "PickUp", entity: 7 });
  await clock.pass(TICK_MS);
  assert.deepEqual(server.messages.at(-1), { type: "PickUp", entity: 7 });
  server.tell({ type: "Refused", request: "PickUp", answers: { type: "Message", id }, reason: "OutOfRange" });
  server.flush();
  const refused = messages.at(-1);
  assert.deepEqual([refused.answers.id, refused.reason, id], [1, "OutOfRange", 1]);
  assert.equal(typeof REFUSALS[refused.reason], "string");
  assert.throws(() => client.ask({ type: "Chat", text: "x".repeat(2000) }), { code: "TooLong" });
  client.close();
});

test("a log-out waits for the server, and acknowledges its last word", async () => {
  const ends = [];
  const { clock, server, client } = await entered({ onEnd: (end) => ends.push(end) });
  server.step();
  await clock.pass(200);
  const commands = server.frames.at(-1).commands.at(-1).number;
  const end = client.logOut();
  await clock.pass(200);
  assert.deepEqual(server.messages.at(-1), { type: "Logout" });
  assert.equal(server.frames.at(-1).commands.at(-1).number, commands, "who leaves makes no more commands");
  server.tell({ type: "Leave", reason: "Logout" });
  server.flush();
  const { left, error } = await end;
  assert.deepEqual([left, error, server.isAcknowledged, clock.waiting], ["Logout", null, true, 0]);
  assert.deepEqual(ends, [await client.logOut()], "the end is told once");
  assert.equal(typeof LEAVE_REASONS[left], "string");
});

test("a log-out from a fight waits as long as the body stays, and goes on showing signs of life", async () => {
  const { clock, server, client } = await entered();
  let end = null;
  client.logOut().then((told) => (end = told));
  await clock.pass(100);
  server.tell({ type: "LeavingIn", ms: 15_000, at_most_ms: 30_000 });
  for (let second = 0; second < 39; second += 1) {
    const before = server.frames.length;
    server.step();
    await clock.pass(1000);
    assert.ok(server.frames.length > before, "a frame each second");
    assert.equal(end, null, `after ${second} s`);
  }
  server.step();
  await clock.pass(2000);
  assert.deepEqual([end.left, end.closeReason.type], [null, "ByClient"], "no server takes that long");
});

test("a server that ends the connection ends the player's time", async () => {
  const ends = [];
  const { clock, server, client } = await entered({ onEnd: (end) => ends.push(end) });
  server.tell({ type: "Leave", reason: "ServerClosing" });
  server.flush();
  assert.deepEqual([ends.length, client.end.left], [1, "ServerClosing"]);
  const other = await entered({ onEnd: (end) => ends.push(end) });
  other.server.socket.end(1006);
  assert.deepEqual(ends[1], { left: null, closeReason: { type: "Socket", code: 1006, reason: "" }, error: null });
  assert.deepEqual([clock.waiting, other.clock.waiting], [0, 0]);
});

test("a journey goes on at the other server with what is owned", async () => {
  const travelled = [];
  const { clock, servers, client } = await entered(
    { onTravel: (one) => travelled.push(one.session.welcome.map) },
    (count) => ({
      tells: { welcome: { map: count + 1 } },
    }),
  );
  servers[0].step();
  await clock.pass(500);
  client.openDisplay();
  const { display } = client;
  servers[0].tell({
    type: "Travel",
    grant: JSON.stringify(grant({ map_id: "2", map_ws_url: "ws://127.0.0.1:4002/play" })),
  });
  servers[0].flush();
  assert.ok(
    servers[0].isAcknowledged && servers[0].socket.closedWith === 1000,
    "the old connection is acknowledged and closed",
  );
  await clock.pass(200);
  assert.deepEqual([travelled, servers[1].socket.url, client.end], [[2], "ws://127.0.0.1:4002/play", null]);
  servers[1].step();
  await clock.pass(200);
  assert.equal(
    servers[1].frames.find(({ commands }) => commands.length > 0).commands[0].number,
    1,
    "commands begin anew",
  );
  assert.deepEqual(client.session.takeAnomalies(), []);
  assert.notEqual(client.display, display, "what is shown is another world");
  client.close();
});

test("who ends it when it is sent elsewhere does not go", async () => {
  const onMessage = ({ type }, one) => type === "Travel" && one.close();
  const { clock, servers, client } = await entered({ onMessage });
  servers[0].tell({ type: "Travel", grant: JSON.stringify(grant()) });
  servers[0].flush();
  await clock.pass(1000);
  assert.deepEqual([servers.length, client.end.closeReason.type, clock.waiting], [1, "ByClient", 0]);
});

test("a program that fails at what it is told first has not entered", async () => {
  const fails = () => {
    throw new Error("the program's own");
  };
  const { clock, servers, options } = world();
  const entering = assert.rejects(GameClient.enter(grant(), { ...options, onMessage: fails }), /the program's own/);
  await clock.pass(100);
  await entering;
  assert.deepEqual([servers[0].socket.closedWith, clock.waiting], [1000, 0]);
});

test("what is lost on a journey is noticed", async () => {
  const { clock, servers, client } = await entered({}, (count) => ({
    tells: { inventory: { gold: BigInt(3 - count) } },
  }));
  servers[0].tell({ type: "Travel", grant: JSON.stringify(grant()) });
  servers[0].flush();
  await clock.pass(200);
  assert.deepEqual(client.session.takeAnomalies(), ["3 gold before the travel, 2 after it"]);
  client.close();
});

test("who logs out on a journey logs out where it ends", async () => {
  const { clock, servers, client } = await entered();
  servers[0].tell({ type: "Travel", grant: JSON.stringify(grant()) });
  servers[0].flush();
  const end = client.logOut();
  await clock.pass(200);
  assert.deepEqual(
    servers[1].messages.map(({ type }) => type),
    ["Hello", "Logout"],
  );
  servers[1].tell({ type: "Leave", reason: "Logout" });
  servers[1].flush();
  assert.equal((await end).left, "Logout");
});

test("a journey whose grant is of no use gets another ticket, and ends without one", async () => {
  const asked = [];
  const arrange = (count) => (count === 1 ? { refuses: 1008 } : {});
  const anotherGrant = async (why) => (asked.push(why), grant());
  const { clock, servers, client } = await entered({ anotherGrant }, arrange);
  servers[0].tell({ type: "Travel", grant: JSON.stringify(grant()) });
  servers[0].flush();
  await clock.pass(200);
  assert.deepEqual([asked.map(({ isTravelling }) => isTravelling), servers.length, client.end], [[true], 3, null]);
  client.close();

  const alone = await entered({}, arrange);
  alone.servers[0].tell({ type: "Travel", grant: JSON.stringify(grant()) });
  alone.servers[0].flush();
  await alone.clock.pass(200);
  assert.deepEqual([alone.client.end.error.kind, alone.client.end.error.closeReason.type], ["Closed", "Refused"]);
});

test("five tickets are tried, and no more", async () => {
  let asked = 0;
  const { clock, servers, options } = world(() => ({ refuses: 1013 }));
  const entering = GameClient.enter(grant(), { ...options, anotherGrant: async () => ((asked += 1), grant()) });
  const failed = assert.rejects(entering, { kind: "Closed", isWorthAnotherTicket: true });
  await clock.pass(10);
  await failed;
  assert.deepEqual([asked, servers.length], [4, 5]);
});

test("what another ticket cannot change is told at once", async () => {
  const cases = [
    [grant({ protocol_hash: "00000000000000ff" }), "ProtocolMismatch"],
    [grant({ protocol_hash: "x" }), "Hash"],
    [grant({ map_ws_url: null }), "NoWebSocket"],
    [grant({ ticket: "?" }), "Ticket"],
    [grant({ ticket: "A".repeat(300) }), "Ticket"],
  ];
  for (const [bad, kind] of cases) {
    const { servers, options } = world();
    await assert.rejects(
      GameClient.enter(bad, { ...options, anotherGrant: () => assert.fail("no other is asked for") }),
      { kind },
    );
    assert.equal(servers.length, 0, "nothing is connected");
  }
  const greetings = [
    [
      { type: "Refused", request: "Hello", answers: { type: "Message", id: 0 }, reason: "ProtocolMismatch" },
      "Refused",
      null,
    ],
    [{ type: "Leave", reason: "Kicked" }, "SentAway", "Kicked"],
  ];
  for (const [message, kind, left] of greetings) {
    const { clock, servers, options } = world(() => ({ greets: false }));
    const anotherGrant = () => assert.fail("no other is asked for");
    const failed = assert.rejects(GameClient.enter(grant(), { ...options, anotherGrant }), { kind, left });
    await clock.pass(50);
    servers[0].tell(message);
    servers[0].flush();
    await failed;
    assert.equal(servers[0].socket.closedWith, 1000);
  }
});

test("a server that does not let us begin is left", async () => {
  const { clock, servers, options } = world(() => ({ greets: false }));
  const failed = assert.rejects(GameClient.enter(grant(), options), { kind: "Silent", isWorthAnotherTicket: true });
  await clock.pass(5000);
  await failed;
  assert.deepEqual([servers[0].socket.closedWith, clock.waiting], [1000, 0]);
  assert.ok(servers[0].frames.length > 100, "it was told all the time that we are there");
});

test("a client that was held up does not catch up for long, and what arrives wakes it", async () => {
  const { clock, server, client } = await entered();
  server.step();
  await clock.pass(200);
  const before = server.frames.length;
  clock.freeze(5000);
  server.step();
  const made = server.frames.length - before;
  assert.ok(made >= 1 && made <= 7, `${made} frames after 5 s`);
  client.close();
});

test("a fault in the program's own code does not stop the player", async () => {
  let asked = 0;
  const { clock, server, client } = await entered({
    intent: () => {
      asked += 1;
      if (asked === 3) throw new Error("the program's own");
      return {};
    },
  });
  await assert.rejects(clock.pass(1000), { message: "the program's own" });
  const before = server.frames.length;
  await clock.pass(500);
  assert.ok(server.frames.length >= before + 9, `${server.frames.length - before} frames`);
  client.close();

  const fails = ({ type }) => {
    if (type === "Travel") throw new Error("the program's own");
  };
  const other = await entered({ onMessage: fails });
  other.servers[0].tell({ type: "Travel", grant: JSON.stringify(grant()) });
  assert.throws(() => other.servers[0].flush(), { message: "the program's own" });
  await other.clock.pass(200);
  assert.deepEqual([other.servers.length, other.client.isConnected], [2, true], "it goes where it is sent");
  other.client.close();
});
