// A stay on a map server: messages and frames in, what a client knows and sends out.

import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeReliable } from "../src/codec.js";
import { CollisionGrid } from "../src/movement/grid.js";
import { Course } from "../src/movement/course.js";
import { FARTHEST_UNITS } from "../src/movement/position.js";
import { Session } from "../src/session.js";
import { WorldView } from "../src/world.js";
import { OWN, content, inParts, inventory, welcome } from "./testing/map-server.js";
import { Random } from "./testing/random.js";
import { snapshotBody } from "./testing/snapshots.js";

const SPEED = 100;
const tell = (session, message) =>
  inParts(message)
    .map((bytes) => session.receiveMessage(bytes))
    .at(-1);

function entered(options) {
  const session = new Session(options);
  for (const message of [welcome(), content(), inventory()]) assert.deepEqual(tell(session, message), message);
  assert.ok(session.isEntered);
  return session;
}

function frame(tick, lastCommand, position, entities = [own()]) {
  return snapshotBody({ tick, last_command: lastCommand, position, entities });
}

function own(components = {}) {
  return { entity: OWN, is_new: true, components: { MoveSpeed: { units_per_tick: SPEED }, ...components } };
}

test("entering takes welcome, content and inventory", () => {
  const messages = [welcome(), content(), inventory()];
  for (const missing of messages) {
    const session = new Session();
    for (const message of messages.filter((one) => one !== missing)) tell(session, message);
    assert.ok(!session.isEntered, `without ${missing.type}`);
  }
  const session = entered();
  assert.deepEqual([session.content.items.length, session.counters.messagesIn, session.pace.intervalMs], [100, 3, 50]);
  assert.equal(session.content.item("item_7").id, "item_7");
  assert.equal(session.possessions.gold, 3n);
});

test("the ground is learnt, and walked on", () => {
  const session = entered();
  assert.equal(session.grid, null);
  const layout = (runs) => ({ type: "MapLayout", map: 1, width: 4, height: 3, runs, places: [] });
  tell(session, layout([5, 2, 5]));
  assert.ok(session.grid.isSolid(1, 1) && session.grid.isSolid(2, 1) && !session.grid.isSolid(0, 0));
  // One step north of the wall, heading south: the wall stops the body.
  const start = { x: 1536, y: 1024 - 320 };
  assert.ok(session.receiveFrame(frame(7, 0, start)));
  session.tick({ heading: 64 });
  assert.deepEqual(session.position, start);
  session.tick({ heading: 128 });
  assert.deepEqual(session.position, { x: start.x - SPEED, y: start.y }, "along the wall the ground is open");
  assert.deepEqual(session.takeAnomalies(), []);
  const grid = session.grid;
  tell(session, layout([1, 2]));
  assert.deepEqual(session.takeAnomalies(), ["the runs do not cover the ground of 4 by 3 tiles"]);
  assert.equal(session.grid, grid, "what is known stays");
});

test("a map that is too large to be sent is walked on if the client has it", () => {
  const grid = CollisionGrid.fromRows(["....", ".##.", "...."]);
  const session = entered({ grids: new Map([[1, grid]]) });
  tell(session, { type: "MapLayout", map: 1, width: 4, height: 3, runs: [], places: [] });
  assert.equal(session.grid, grid);
  assert.deepEqual(session.takeAnomalies(), [], "a map without runs is none that is not covered");
  const start = { x: 1536, y: 1024 - 320 };
  session.receiveFrame(frame(7, 0, start));
  session.tick({ heading: 64 });
  assert.deepEqual(session.position, start, "into the wall nobody walks");
  session.tick({ heading: 128 });
  assert.deepEqual(session.position, { x: start.x - SPEED, y: start.y }, "along it the ground is open");
});

test("frames move the player, and are acknowledged", () => {
  const session = entered();
  const start = { x: 9000, y: 9000 };
  const at = (dx, dy = 0) => ({ x: start.x + dx, y: start.y + dy });
  assert.ok(session.receiveFrame(frame(7, 0, start)));
  let sent = session.tick({ heading: 0 });
  assert.deepEqual(sent, { ack: { newest: 7, before: 0 }, commands: [{ number: 1, heading: 0, action: null }] });
  assert.deepEqual(session.position, at(100));
  assert.ok(!session.receiveFrame(frame(6, 0, start)), "an older frame is not applied");
  assert.ok(session.receiveFrame(frame(8, 1, at(100))));
  sent = session.tick({ heading: 0 });
  assert.deepEqual(sent.ack, { newest: 8, before: 1 });
  assert.deepEqual(
    sent.commands.map(({ number }) => number),
    [2],
  );
  assert.deepEqual(session.position, at(200));
  assert.deepEqual([session.corrections, session.counters.staleFrames], [0, 1]);
  assert.ok(session.receiveFrame(frame(9, 2, at(700, 300))));
  assert.deepEqual([session.position, session.corrections], [at(700, 300), 1], "the server is right");
});

test("who is rooted or dead is not predicted to walk", () => {
  const start = { x: 9000, y: 9000 };
  for (const [components, dx] of [
    [{ Status: { flags: 1 } }, 0],
    [{ Health: { current: 0, max: 5 } }, 0],
    [{ Status: { flags: 2 }, Health: { current: 1, max: 5 } }, SPEED],
  ]) {
    const session = entered();
    session.receiveFrame(frame(7, 0, start, [own(components)]));
    session.tick({ heading: 0 });
    assert.deepEqual(session.position, { x: start.x + dx, y: start.y }, JSON.stringify(components));
  }
});

test("frames before the welcome are neither shown nor acknowledged", () => {
  const session = new Session();
  const early = frame(7, 0, { x: 9000, y: 9000 });
  assert.ok(!session.receiveFrame(early));
  assert.deepEqual([session.position, session.frame().ack.newest], [null, 0]);
  tell(session, welcome());
  assert.ok(session.receiveFrame(early), "it may come again");
  assert.deepEqual([[...session.world.entities()].length, session.frame().ack.newest], [1, 7]);
});

test("what no command can say is refused, and no command is made", () => {
  const session = entered();
  const aims = [
    { type: "Behind" },
    { type: "Entity", entity: -1 },
    { type: "Entity", entity: 2 ** 32 },
    { type: "Point", point: { x: 0.5, y: 0 } },
    { type: "Point", point: { x: -1, y: 0 } },
    { type: "Point", point: { x: 0, y: FARTHEST_UNITS + 1 } },
    { type: "Direction", direction: 256 },
  ];
  const wrong = [
    { heading: 256 },
    { heading: -1 },
    { heading: 1.5 },
    { heading: NaN },
    { action: { slot: 8, aim: { type: "None" } } },
    { action: { slot: -1, aim: { type: "None" } } },
    ...aims.map((aim) => ({ action: { slot: 0, aim } })),
    ...[[-1, 0], [2 ** 32, 0], [1, 8], [1, -1], [1, 0.5]].map(([tick, part]) => {
      return { action: { slot: 0, aim: { type: "None" }, seen: { tick, part } } };
    }),
  ];
  for (const intent of wrong) assert.throws(() => session.tick(intent), RangeError, JSON.stringify(intent));
  assert.deepEqual(session.frame().commands, []);
  session.tick({ action: { slot: 7, aim: { type: "Direction", direction: 255 } } });
  const point = { x: FARTHEST_UNITS, y: 0 };
  const seen = { tick: 2 ** 32 - 1, part: 7 };
  session.tick({ heading: 255, action: { slot: 0, aim: { type: "Point", point }, seen } });
  session.tick({ heading: 0, action: { slot: 0, aim: { type: "Entity", entity: 2 ** 32 - 1 } } });
  assert.equal(session.frame().commands.length, 3, "up to the last that one can say");
});

test("parts that do not fit are an error, and the next message is read", () => {
  const session = entered();
  const part = (index, count, bytes) => ({ type: "Part", index, count, bytes: [...bytes] });
  assert.equal(tell(session, part(3, 9, [1])), null);
  const nested = encodeReliable("ServerMessage", part(0, 1, [0]));
  assert.equal(tell(session, part(0, 1, nested)), null);
  assert.equal(session.receiveMessage(Uint8Array.of(255, 255)), null);
  assert.equal(session.counters.decodeErrors, 3);
  assert.deepEqual(tell(session, content()), content());
});

test("party and trade are as the server last told", () => {
  const session = entered();
  const offer = (gold) => ({ items: [], gold, confirmed: false });
  const state = { with: 7, revision: 2, mine: offer(1n), theirs: offer(2n) };
  tell(session, { type: "TradeState", ...state });
  assert.deepEqual(session.trade, state);
  tell(session, { type: "TradeEnded", end: "Done" });
  assert.equal(session.trade, null);
  const members = [{ character: welcome().character, name: "Ada", online: true }];
  tell(session, { type: "Party", party: 7n, members });
  assert.deepEqual(session.party, { id: 7n, members });
  tell(session, { type: "Party", party: 7n, members: [] });
  assert.deepEqual(session.party, { id: 0n, members: [] });
});

const item = (number, slot, definition = "stick") => ({
  item: `0000000${number}-0000-0000-0000-000000000000`,
  definition,
  slot,
});

test("changes of what is owned add up, and what does not fit is noted", () => {
  const session = entered();
  const gone = { type: "ItemGone", item: item(1, 0).item };
  const messages = [
    inventory({ items: [item(1, 0)], experience: 10n }),
    { type: "ItemPlaced", item: item(2, 1) },
    { type: "ItemPlaced", item: item(2, 100) },
    gone,
    { type: "Gold", total: 9n },
    { type: "Experience", gained: 5n, total: 15n, level: 2 },
    { type: "Store", away: true, pending: 4 },
  ];
  for (const message of messages) tell(session, message);
  assert.deepEqual(session.takeAnomalies(), []);
  const { items, gold, experience, level, storeAway, pending } = session.possessions;
  assert.deepEqual(
    [[...items.values()], gold, experience, level, storeAway, pending],
    [[item(2, 100)], 9n, 15n, 2, true, 4],
  );
  assert.deepEqual([session.possessions.bag(), session.possessions.worn(100)], [[], item(2, 100)]);
  tell(session, { type: "LevelUp", level: 3 });
  assert.equal(session.possessions.level, 3);
  tell(session, inventory({ items: [item(1, 0), item(1, 1)], bag_slots: 1 }));
  assert.ok(session.possessions.isBagFull);
  for (const message of [
    { type: "ItemGone", item: item(3, 0).item },
    { type: "Experience", gained: 1n, total: 50n, level: 1 },
  ])
    tell(session, message);
  assert.deepEqual(session.takeAnomalies(), [
    "the inventory lists an item twice",
    `removed item ${item(3, 0).item} was not in the inventory`,
    "experience does not add up: 0 + 1 is not 50",
  ]);
});

test("a travel carries what is owned, and compares", () => {
  const before = entered();
  tell(before, inventory({ items: [item(1, 0), item(2, 1)], experience: 10n }));
  const arrive = (told) => {
    const session = new Session({ carried: before.possessions });
    for (const message of [welcome(), content()]) tell(session, message);
    assert.ok(!session.isEntered, "what was owned before is not what this server told");
    tell(session, inventory(told));
    assert.ok(session.isEntered);
    return session.takeAnomalies();
  };
  assert.deepEqual(arrive({ items: [item(2, 1), item(1, 0)], experience: 10n }), []);
  const others = [item(1, 3), item(2, 1, "sword"), item(4, 5)];
  assert.deepEqual(arrive({ items: others, gold: 2n, experience: 9n, level: 2 }), [
    "3 gold before the travel, 2 after it",
    "10 experience before the travel, 9 after it",
    "1 levels before the travel, 2 after it",
    `stick ${item(1, 0).item} in slot 0 was lost or moved by the travel`,
    `stick ${item(2, 1).item} in slot 1 was lost or moved by the travel`,
    `item ${item(4, 5).item} appeared with the travel`,
  ]);
});

test("what goes is shown on its course until it is told anew", () => {
  const view = new WorldView(9, 0);
  const told = (tick, course) =>
    view.apply(
      snapshotBody({
        tick,
        position: { x: 16_000, y: 32_000 },
        entities: course ? [{ entity: 3, is_new: tick === 1, course }] : [],
      }),
    );
  told(1, new Course({ x: 16_000, y: 32_000 }, 0, { type: "Ahead", units: 100 }));
  told(3, null);
  assert.deepEqual(view.positionOf(3), { x: 16_200, y: 32_000 });
  assert.deepEqual(view.entity(3).positionAt(5), { x: 16_400, y: 32_000 });
  told(4, new Course({ x: 16_333, y: 32_001 }, 7));
  told(9, null);
  assert.deepEqual(
    [view.positionOf(3), view.entity(3).facing],
    [{ x: 16_333, y: 32_001 }, 7],
    "what stands is shown exactly",
  );
  assert.deepEqual(view.positionOf(9), { x: 16_000, y: 32_000 });
});

test("an entity that was never announced is counted, and shown", () => {
  const session = entered();
  session.receiveFrame(
    frame(1, 0, { x: 0, y: 0 }, [{ entity: 3, components: { Health: { current: 1, max: 2 } } }, own()]),
  );
  assert.equal(session.world.entity(3).components.Health.current, 1);
  assert.deepEqual(session.takeAnomalies(), ["1 updates of unknown entities"]);
  assert.deepEqual(session.takeAnomalies(), []);
});

/** A server's truth for one client, and what the client is known to have of it. */
class Truth {
  now = new Map();
  #known = new Map();
  #gone = new Set();
  #sent = new Map();

  set(id, health) {
    this.#gone.delete(id);
    // An object of its own for each change: one that is taken back is a change too, to a client that has seen it.
    this.now.set(id, { health });
  }

  despawn(id) {
    if (!this.now.delete(id)) return;
    this.#known.delete(id);
    for (const { held } of this.#sent.values()) held.delete(id);
    this.#gone.add(id);
  }

  values() {
    return new Map([...this.now].map(([id, { health }]) => [id, health]));
  }

  /** A snapshot of what the client is not known to have. */
  frame(tick) {
    const changed = [...this.now].filter(([id, value]) => this.#known.get(id) !== value).sort(([a], [b]) => a - b);
    const entities = changed.map(([id, { health }]) => {
      const isNew = !this.#known.has(id);
      const components =
        isNew && health === null ? {} : { Health: health === null ? null : { current: health, max: 100 } };
      return { entity: id, is_new: isNew, components };
    });
    const despawns = [...this.#gone].sort((a, b) => a - b);
    this.#sent.set(tick, { held: new Map(this.now), gone: new Set(this.#gone) });
    return snapshotBody({ tick, despawns, entities });
  }

  acknowledged({ newest }) {
    const sent = this.#sent.get(newest);
    if (!sent) return;
    this.#known = new Map(sent.held);
    for (const id of sent.gone) this.#gone.delete(id);
    for (const tick of [...this.#sent.keys()]) if (tick <= newest) this.#sent.delete(tick);
  }
}

test("the view converges, whatever is lost or late", () => {
  let applied = 0;
  for (let seed = 0; seed < 200; seed += 1) {
    const random = new Random(seed);
    const [truth, view] = [new Truth(), new WorldView(9, 0)];
    const shown = () =>
      new Map(
        [...view.entities()]
          .filter(([id]) => id !== 9)
          .map(([id, { components }]) => [id, components.Health?.current ?? null]),
      );
    const late = [];
    for (let tick = 1; tick < 60; tick += 1) {
      for (let left = random.below(3); left > 0; left -= 1) {
        const id = 1 + random.below(5);
        if (random.once(4)) truth.despawn(id);
        else truth.set(id, random.once(4) ? null : random.below(100));
      }
      const body = truth.frame(tick);
      const fate = random.below(4);
      if (fate === 1) late.push(body);
      if (fate > 1) {
        assert.ok(view.apply(body), "a newer frame is applied");
        applied += 1;
        for (const old of late.splice(0)) assert.equal(view.apply(old), null, "older frames are not");
        assert.deepEqual(shown(), truth.values(), `an applied frame shows the truth of its tick (seed ${seed})`);
      }
      if (random.once(2)) truth.acknowledged(view.ack);
    }
    assert.equal(view.unknownEntities, 0);
  }
  assert.ok(applied > 4000, `${applied} frames`);
});
