// Somebody who watches: without an own character, and back by itself when the server goes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../src/api.js";
import { Course } from "../src/movement/course.js";
import { Spectator } from "../src/spectator.js";
import { grant, welcome } from "./testing/map-server.js";
import { Realm } from "./testing/realm.js";
import { snapshotBody } from "./testing/snapshots.js";

const NONE = { entity: 0, character: "00000000-0000-0000-0000-000000000000", slots: [] };
const AT = { x: 40_000, y: 30_000 };
const SEEN = { x: 41_000, y: 30_500 };

/** A spectator of a realm, whose events are noted, and what the API was asked. */
async function watching({ answer = () => grant({ character_id: null }) } = {}) {
  const realm = new Realm(() => ({ tells: { welcome: NONE } }));
  const [events, asked] = [[], []];
  const api = {
    watch: async (token, watched) => {
      asked.push({ token, ...watched });
      return answer(asked.length);
    },
  };
  const onEvent = (event) => events.push(event);
  const entering = Spectator.watch(api, "service token", { map: 1, channel: 1 }, { ...realm.options, onEvent });
  await realm.clock.pass(100);
  const spectator = await entering;
  return { realm, spectator, events, asked, types: () => events.map(({ type }) => type) };
}

/** A snapshot with somebody in it. */
function show(server, tick) {
  server.flush(
    snapshotBody({
      ...{ tick, last_command: 0, buffered_commands: 0, position: AT },
      entities: [{ entity: 7, is_new: true, course: new Course(SEEN, 0), components: {} }],
    }),
  );
}

test("it sees others, has no character, and sends no commands", async () => {
  const { realm, spectator, asked } = await watching();
  assert.deepEqual(asked, [{ token: "service token", map: 1, channel: 1, server: null }]);
  assert.equal(welcome().entity !== 0, true, "players have an entity");
  const [server] = realm.servers;
  assert.equal(spectator.session.isWatching, true);
  show(server, 1);
  await realm.clock.pass(200);
  spectator.show();
  assert.deepEqual(spectator.viewpoint, AT);
  assert.deepEqual([...spectator.session.world.entities()].map(([id]) => id), [7], "nobody but whom it sees");
  assert.deepEqual(spectator.place(7), SEEN);
  assert.equal(spectator.session.ownEntity, null);
  assert.ok(server.frames.length > 3 && server.frames.every(({ commands }) => commands.length === 0));
  assert.equal(server.frames.at(-1).ack.newest, 1, "it acknowledges what it is shown");
  spectator.close();
  assert.equal(realm.clock.waiting, 0, "no timer is left");
});

test("where it looks is told now and then, and not again while it stays the same", async () => {
  const { realm, spectator } = await watching();
  const looks = () => realm.servers[0].messages.filter(({ type }) => type === "Look");
  for (let frame = 0; frame < 60; frame += 1) {
    spectator.look({ x: frame * 100 + 0.4, y: 5 }, frame < 30 ? null : 7);
    await realm.clock.pass(1000 / 60);
  }
  await realm.clock.pass(1000);
  assert.ok(looks().length >= 4 && looks().length <= 8, `${looks().length} messages in a second`);
  assert.deepEqual(looks().at(-1), { type: "Look", x: 5900, y: 5, follow: 7 });
  const told = looks().length;
  await realm.clock.pass(2000);
  assert.equal(looks().length, told);
  spectator.close();
});

test("a server that goes is waited for, and where to look is said again", async () => {
  let isGone = false;
  const reasons = [
    [404, "MAP_NOT_FOUND"],
    [429, "RATE_LIMITED"],
    [503, "OVERLOADED"],
  ];
  const failures = reasons.map(([status, code]) => {
    return new ApiError("Refused", "nobody hosts it", { problem: { status, code, retryAfterS: null } });
  });
  failures.push(new ApiError("Unreachable", "cannot reach the API"));
  const answer = (count) => {
    if (isGone) throw failures[count % failures.length];
    return grant({ character_id: null });
  };
  const { realm, spectator, asked, types } = await watching({ answer });
  spectator.look(AT);
  await realm.clock.pass(500);
  isGone = true;
  realm.servers[0].socket.end(1006);
  await realm.clock.pass(10 * 60_000);
  assert.deepEqual([types()[0], new Set(types().slice(1))], ["Lost", new Set(["Waits"])], "for as long as it takes");
  assert.equal(asked[1].server, "map-server-1", "first where it was");
  assert.equal(asked.at(-1).server, null, "then wherever the channel is");
  isGone = false;
  await realm.clock.pass(20_000);
  assert.deepEqual([types().at(-1), spectator.isConnected], ["Entered", true]);
  assert.equal(realm.servers.at(-1).messages.filter(({ type }) => type === "Look").length, 1);
  spectator.close();
  assert.equal(realm.clock.waiting, 0, "no timer is left");
});

test("a ticket that comes to nothing is followed by one other", async () => {
  for (const [refused, isIn] of [
    [1, true],
    [2, false],
  ]) {
    const realm = new Realm((count) => ({ greets: count >= refused, tells: { welcome: NONE } }));
    const asked = [];
    const api = { watch: async () => (asked.push("watch"), grant({ character_id: null })) };
    const entering = Spectator.watch(api, "service token", { map: 1 }, realm.options);
    const outcome = entering.then(
      (spectator) => spectator.isConnected,
      (error) => !error.isWorthAnotherTicket,
    );
    for (let count = 0; count < refused; count += 1) {
      await realm.clock.pass(50);
      realm.servers[count].socket.end(1008);
    }
    await realm.clock.pass(200);
    assert.deepEqual([await outcome, asked.length], [isIn, 2]);
    (await entering.catch(() => null))?.close();
    assert.equal(realm.clock.waiting, 0, "no timer is left");
  }
});

test("a token that is wrong by now stays wrong", async () => {
  const problem = { status: 401, code: "SERVICE_TOKEN_REQUIRED", retryAfterS: null };
  const answer = (count) => {
    if (count > 1) throw new ApiError("Refused", "wrong", { problem });
    return grant({ character_id: null });
  };
  const { realm, spectator, asked, types } = await watching({ answer });
  realm.servers[0].socket.end(1006);
  await realm.clock.pass(60_000);
  assert.deepEqual([types(), asked.length, spectator.isConnected], [["Lost", "GaveUp"], 2, false]);
  assert.equal(realm.clock.waiting, 0, "no timer is left");
});
