// A player whose server goes away, sends it elsewhere, or sends it off.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../src/api.js";
import { Player } from "../src/player.js";
import { OWN, START, grant } from "./testing/map-server.js";
import { Realm } from "./testing/realm.js";

const PLACE = { x: START.x, y: START.y };
const TRAVEL = { type: "Travel", grant: JSON.stringify(grant({ map_ws_url: "ws://127.0.0.1:4002/play" })) };

/** A player in the world, whose events but `Told` are noted by their type. */
async function entered({ arrange, freshToken, ...options } = {}) {
  const realm = new Realm(arrange);
  const events = [];
  const onEvent = (event) => event.type === "Told" || events.push(event);
  const entering = Player.enter(realm.entry({ freshToken }), { ...realm.options, onEvent, ...options });
  await realm.clock.pass(100);
  const player = await entering;
  realm.servers[0].step();
  return { realm, player, events, types: () => events.map(({ type }) => type) };
}

/** A player whose connection has broken. */
async function lost(more) {
  const scene = await entered(more);
  scene.realm.isDown = true;
  for (const socket of [scene.realm.gateways[0], scene.realm.servers[0].socket]) socket.end(1006);
  return scene;
}

test("a lost connection is made anew, with a picture all the while", async () => {
  const { realm, player, events, types } = await lost();
  assert.deepEqual(events, [{ type: "Lost", reason: { type: "Socket", code: 1006, reason: "" } }]);
  for (let frame = 0; frame < 180; frame += 1) {
    await realm.clock.pass(1000 / 60);
    player.show(null);
    assert.deepEqual([player.place(), player.session.possessions.gold], [PLACE, 3n], "what was known is shown on");
  }
  assert.equal(player.isConnected, false);
  realm.isDown = false;
  await realm.clock.pass(2000);
  assert.deepEqual([types(), player.isConnected], [["Lost", "Entered"], true]);
  assert.equal(player.session.position, null, "the session is a new one");
  realm.servers.at(-1).step();
  player.show(null);
  assert.deepEqual(player.place(), PLACE, "and so is the display");
  player.close();
  assert.equal(realm.clock.waiting, 0, "no timer is left");
});

test("the pauses between two tries grow, and the last try is within two minutes", async () => {
  const { realm, types, events } = await lost();
  // The first try is made at once; the entry has asked for a socket of the gateway each time.
  const [began, tries] = [realm.clock.now, [0]];
  for (let seen = realm.gateways.length; realm.clock.now < began + 150_000; seen = realm.gateways.length) {
    await realm.clock.pass(50);
    if (realm.gateways.length > seen) tries.push(realm.clock.now - began);
  }
  const pauses = tries.slice(1).map((ms, at) => ms - tries[at]);
  assert.deepEqual(pauses.slice(0, 8), [250, 500, 1000, 2000, 4000, 8000, 8000, 8000], `${tries}`);
  assert.ok(tries.at(-1) > 105_000 && tries.at(-1) < 120_000, `${tries}`);
  assert.deepEqual(types(), ["Lost", "GaveUp"]);
  assert.deepEqual([events[1].error.kind, realm.clock.waiting], ["Unreachable", 0]);
});

test("a gateway that says when to come back is asked no earlier", async () => {
  const scene = await entered();
  const { realm } = scene;
  // Of its own channel, and of all.
  const refused = [2, 3];
  const full = ["error", { code: "MAP_FULL", message: "", retry_after: 5 }];
  realm.answer = (asked) => (refused.includes(asked) ? full : ["enter_world_success", grant()]);
  realm.servers[0].socket.end(1006);
  await realm.clock.pass(4900);
  assert.deepEqual([realm.asked, scene.types()], [3, ["Lost"]]);
  await realm.clock.pass(400);
  assert.deepEqual([realm.asked, scene.types()], [4, ["Lost", "Entered"]]);
  scene.player.close();
});

test("a player comes back to the channel that it was on, and to any where that is full", async () => {
  for (const code of [null, "MAP_FULL", "MAP_NOT_FOUND"]) {
    const { realm, player, types } = await entered({ arrange: () => ({ tells: { welcome: { channel: 4 } } }) });
    const channels = [];
    realm.answer = (asked, { channel }) => {
      channels.push(channel);
      const refusal = ["error", { code, message: "", retry_after: 5 }];
      return code && channel === 4 ? refusal : ["enter_world_success", grant()];
    };
    realm.servers[0].socket.end(1006);
    await realm.clock.pass(500);
    assert.deepEqual([channels, types()], [code ? [4, undefined] : [4], ["Lost", "Entered"]], `${code}`);
    player.close();
  }
});

test("who is not let in leaves no socket open", async () => {
  const realm = new Realm();
  realm.answer = () => ["error", { code: "CHARACTER_NOT_FOUND", message: "" }];
  const entering = Player.enter(realm.entry(), realm.options);
  const rejected = assert.rejects(entering, { code: "CHARACTER_NOT_FOUND" });
  await realm.clock.pass(100);
  await rejected;
  assert.deepEqual([realm.gateways[0].closedWith, realm.clock.waiting], [1000, 0]);

  const silent = new Realm(() => ({ greets: false }));
  const sentAway = assert.rejects(Player.enter(silent.entry(), silent.options), { kind: "SentAway" });
  await silent.clock.pass(50);
  silent.servers[0].tell({ type: "Leave", reason: "Kicked" });
  silent.servers[0].flush();
  await silent.clock.pass(100);
  await sentAway;
  const closed = [silent.gateways[0].closedWith, silent.servers[0].socket.closedWith, silent.clock.waiting];
  assert.deepEqual(closed, [1000, 1000, 0], "neither the gateway's nor the map server's");
});

test("a way back that is closed for good is given up", async () => {
  const { realm, events, types } = await entered();
  realm.answer = () => ["error", { code: "CHARACTER_NOT_FOUND", message: "" }];
  realm.servers[0].socket.end(1006);
  await realm.clock.pass(100);
  assert.deepEqual([types(), events[1].error.code], [["Lost", "GaveUp"], "CHARACTER_NOT_FOUND"]);
  assert.deepEqual([realm.clock.waiting, realm.gateways[0].closedWith], [0, 1000], "the entry is closed with it");
});

test("a way back that is closed for now is tried again", async () => {
  for (const code of ["ALREADY_ONLINE", "MAP_SERVER_UNREACHABLE", "RATE_LIMITED", "INTERNAL"]) {
    const { realm, player, types } = await entered();
    realm.answer = (asked) => (asked === 2 ? ["error", { code, message: "" }] : ["enter_world_success", grant()]);
    realm.servers[0].socket.end(1006);
    await realm.clock.pass(1000);
    assert.deepEqual([types(), realm.asked, player.isConnected], [["Lost", "Entered"], 3, true], code);
    player.close();
  }
});

/** A player whose token has run out in the world, and whose connection breaks. */
async function lostWithAnOldToken(freshToken) {
  const scene = await entered({ freshToken });
  scene.realm.token = "newer";
  for (const socket of [scene.realm.gateways[0], scene.realm.servers[0].socket]) socket.end(1006);
  await scene.realm.clock.pass(1000);
  return scene;
}

test("a player whose token has run out comes back with a newer one", async () => {
  const { realm, player, types } = await lostWithAnOldToken(async () => "newer");
  assert.deepEqual([types(), player.isConnected], [["Lost", "Entered"], true]);
  assert.deepEqual(
    realm.gateways.map(({ protocols }) => protocols[1]),
    ["token", "token", "newer"],
  );
  player.close();
});

test("without a newer token a player gives up", async () => {
  const { events, types } = await lostWithAnOldToken(undefined);
  assert.deepEqual([types(), events[1].error.wantsFreshTokens], [["Lost", "GaveUp"], true]);
});

test("a newer token that is not there yet is asked for again, unless the log-in is over", async () => {
  const unreachable = new ApiError("Unreachable", "cannot reach the API");
  const busy = new ApiError("Refused", "busy", { problem: { status: 503, code: "OVERLOADED", retryAfterS: null } });
  const ended = new ApiError("Refused", "over", { problem: { status: 401, code: "INVALID_REFRESH_TOKEN" } });
  const answers = [unreachable, busy, ended];
  const scene = await lostWithAnOldToken(async () => {
    throw answers.shift();
  });
  await scene.realm.clock.pass(5000);
  assert.deepEqual([scene.types(), answers.length], [["Lost", "GaveUp"], 0]);
  assert.equal(scene.events[1].error, ended);
  assert.equal(scene.realm.clock.waiting, 0, "no timer is left");
});

test("who calls entering off is told so, and is not in the world", async () => {
  const [realm, calledOff] = [new Realm(), new AbortController()];
  realm.isSilent = true;
  const entering = Player.enter(realm.entry(), { ...realm.options, signal: calledOff.signal });
  const rejected = assert.rejects(entering, { name: "AbortError" });
  await realm.clock.pass(100);
  calledOff.abort();
  realm.speak();
  await realm.clock.pass(1000);
  await rejected;
  assert.deepEqual(realm.servers, []);
});

test("a player travels where the server says", async () => {
  const order = [];
  const { realm, player, types } = await entered({
    arrange: (count) => ({ tells: { welcome: { map: count + 1 } } }),
    onEvent: ({ type, message }) => order.push(message?.type ?? type),
  });
  order.length = 0;
  realm.servers[0].tell(TRAVEL);
  realm.servers[0].flush();
  assert.equal(player.isConnected, false);
  assert.equal(player.ask({ type: "Respawn" }), null, "nobody would hear it");
  player.show(null);
  assert.deepEqual(player.place(), PLACE);
  await realm.clock.pass(200);
  assert.deepEqual(order, ["Travels", "Entered", "Welcome", "Content", "Inventory"]);
  assert.deepEqual([player.session.welcome.map, realm.asked, types()], [2, 1, []]);
  assert.equal(realm.servers[1].socket.url, "ws://127.0.0.1:4002/play");
  player.close();
});

test("a journey that leads nowhere, or cannot be read, comes back through the gateway", async () => {
  for (const [message, told] of [
    [TRAVEL, ["Travels", "Entered"]],
    [{ type: "Travel", grant: "{" }, ["Entered"]],
    [{ type: "Travel", grant: "{}" }, ["Entered"]],
  ]) {
    const { realm, player, types } = await entered();
    realm.answer = (asked) =>
      asked === 2 ? ["error", { code: "MAP_FULL", message: "" }] : ["enter_world_success", grant()];
    realm.servers[0].tell(message);
    realm.servers[0].flush();
    realm.servers[1]?.socket.end(1008);
    await realm.clock.pass(1000);
    assert.deepEqual([types(), realm.asked, player.isConnected], [told, 3, true], message.grant);
    player.close();
  }
});

test("who is sent away does not come back", async () => {
  const events = [];
  const { realm, player } = await entered({ onEvent: (event) => events.push(event) });
  events.length = 0;
  realm.servers[0].tell({ type: "Leave", reason: "Kicked" });
  realm.servers[0].flush();
  await realm.clock.pass(10_000);
  assert.deepEqual(events, [{ type: "Left", reason: "Kicked" }]);
  assert.deepEqual([player.isConnected, realm.asked, realm.servers.length, realm.clock.waiting], [false, 1, 1, 0]);
});

test("who logs out is told how it ended, and of nothing else", async () => {
  const { realm, player, events } = await entered();
  const left = player.logOut();
  await realm.clock.pass(100);
  realm.servers[0].tell({ type: "Leave", reason: "Logout" });
  realm.servers[0].flush();
  assert.equal((await left).left, "Logout");
  assert.deepEqual([events, realm.gateways[0].closedWith, realm.clock.waiting], [[], 1000, 0]);
});

/** Everything that a way back consists of, as moments in which the player may be closed. */
const MOMENTS = {
  "while the gateway's socket opens": async ({ realm }) => {
    realm.gateways[0].end(1006);
    realm.servers[0].socket.end(1006);
  },
  "while the gateway looks for a ticket": async ({ realm }) => {
    realm.isSilent = true;
    realm.servers[0].socket.end(1006);
    await realm.clock.pass(100);
    assert.equal(realm.asked, 2);
  },
  "in a pause": async ({ realm }) => {
    realm.isDown = true;
    realm.gateways[0].end(1006);
    realm.servers[0].socket.end(1006);
    await realm.clock.pass(100);
    realm.isDown = false;
  },
  "on a journey": async ({ realm }) => {
    realm.servers[0].tell(TRAVEL);
    realm.servers[0].flush();
  },
};

for (const [when, comeTo] of Object.entries(MOMENTS)) {
  for (const end of ["close", "logOut"]) {
    test(`a player that ends by ${end} ${when} does not enter afterwards`, async () => {
      const scene = await entered();
      await comeTo(scene);
      const ending = scene.player[end]();
      // Who logs out on a journey does so where it ends.
      if (end === "close" || when !== "on a journey") {
        await ending;
        const sockets = scene.realm.gateways.length;
        scene.realm.speak();
        await scene.realm.clock.pass(20_000);
        assert.deepEqual(
          scene.realm.servers.slice(1).filter(({ ticket }) => ticket),
          [],
          "nobody shows a ticket",
        );
        assert.ok(scene.realm.asked <= 2, "nobody asks for another one");
        const open = scene.realm.gateways.filter(({ readyState }) => readyState !== 3);
        assert.deepEqual([scene.realm.gateways.length, open], [sockets, []], "no socket is opened or left open");
        assert.ok(!scene.types().includes("Entered"));
        assert.equal(scene.realm.clock.waiting, 0, "no timer is left");
      } else {
        await scene.realm.clock.pass(200);
        assert.deepEqual(scene.realm.servers[1].messages.at(-1), { type: "Logout" });
        scene.player.close();
      }
    });
  }
}

test("a player that is closed while it greets is gone from the server", async () => {
  const scene = await entered({ arrange: (count) => ({ greets: count === 0 }) });
  scene.realm.servers[0].socket.end(1006);
  await scene.realm.clock.pass(50);
  assert.ok(scene.realm.servers[1].ticket);
  scene.player.close();
  assert.equal(scene.realm.servers[1].socket.closedWith, 1000, "at once");
  await scene.realm.clock.pass(10_000);
  assert.deepEqual([scene.realm.servers[1].socket.closedWith, scene.realm.servers.length], [1000, 2]);
});

test("what the player wants is asked for each tick, also in another session", async () => {
  const asked = new Set();
  const { realm, player } = await entered({
    intent: (one) => (asked.add(one.session.welcome.map), { heading: 0 }),
    arrange: (count) => ({ tells: { welcome: { map: count + 1 } } }),
  });
  realm.servers[0].socket.end(1006);
  asked.clear();
  await realm.clock.pass(1000);
  assert.deepEqual([...asked], [2], "the lost one has no ticks any more");
  const server = realm.servers[1];
  for (let tick = 0; tick < 10; tick += 1) {
    server.step();
    await realm.clock.pass(50);
  }
  player.show(0);
  assert.ok(player.place(OWN).x > PLACE.x + 500, "it walks, and is shown where it is predicted to be");
  player.close();
});
