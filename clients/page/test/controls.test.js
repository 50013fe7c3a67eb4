// What the player wants, from keys, sticks and points.

import assert from "node:assert/strict";
import { test } from "node:test";

import { CollisionGrid } from "../../js/src/index.js";
import { aimOf, within } from "../src/controls/aim.js";
import { Errands } from "../src/controls/errands.js";
import { Gamepad } from "../src/controls/gamepad.js";
import { actionOf, quickSlotOf, slotOf } from "../src/controls/keys.js";
import { findPath, isClear } from "../src/controls/path.js";
import { headingOf, headingOfKeys, headingOfStick, Walk } from "../src/controls/steer.js";
import { bodyOf, enemiesOf, nearest, nearestUse, next } from "../src/controls/targets.js";

test("keys that are held add up to a direction", () => {
  const heading = (...keys) => headingOfKeys(new Set(keys));
  assert.equal(heading(), null);
  assert.deepEqual([heading("right"), heading("down"), heading("left"), heading("up")], [0, 64, 128, 192]);
  assert.deepEqual([heading("right", "down"), heading("up", "right")], [32, 224]);
  assert.equal(heading("left", "right"), null);
});

test("sticks rest in the middle", () => {
  assert.equal(headingOfStick(0.1, 0.1), null);
  assert.equal(headingOfStick(0.2, 0.2), 32, "how far it is pressed, on whichever axis");
  assert.equal(headingOfStick(0, 1), 64);
  assert.equal(headingOf(1, -0.001), 0, "a full turn is none");
});

test("a walk ends where it leads", () => {
  const walk = new Walk();
  walk.along([{ x: 4096, y: 0 }], 0);
  assert.equal(walk.heading({ x: 0, y: 0 }, 10), 0);
  assert.equal(walk.heading({ x: 3900, y: 0 }, 800), 0, "it is not there yet");
  assert.equal(walk.heading({ x: 4000, y: 0 }, 900), null);
  assert.ok(!walk.isUnderWay);
});

test("a walk ends where the way is blocked", () => {
  const walk = new Walk();
  walk.along([{ x: 4096, y: 0 }], 0);
  assert.equal(walk.heading({ x: 1000, y: 0 }, 100), 0);
  assert.equal(walk.heading({ x: 1010, y: 0 }, 400), 0);
  assert.equal(walk.heading({ x: 1010, y: 0 }, 500), null);
});

test("a walk waits while the machine or the line is held up, and ends at what is in the way", () => {
  const at = { x: 1000, y: 0 };
  const session = { welcome: { tick_hz: 30, body_radius: 384 }, commandsIssued: 0, grid: null };
  const errands = new Errands({ session, place: () => at }, { target: null }, () => {});
  errands.heading(at);
  errands.walkTo({ x: 9000, y: 0 });
  assert.equal(errands.heading(at), 0);
  session.commandsIssued = 3;
  assert.deepEqual([errands.heading(at), errands.heading(at)], [0, 0], "whoever takes no steps is not blocked");
  session.commandsIssued = 30;
  assert.equal(errands.heading(at), null, "a second of steps on the spot");
});

test("a walk goes from corner to corner", () => {
  const walk = new Walk();
  walk.along(
    [
      { x: 1000, y: 0 },
      { x: 1000, y: 1000 },
    ],
    0,
  );
  assert.equal(walk.heading({ x: 0, y: 0 }, 0), 0);
  assert.equal(walk.heading({ x: 700, y: 0 }, 40), 0);
  assert.equal(walk.heading({ x: 900, y: 0 }, 50), 60);
  assert.equal(walk.heading({ x: 1000, y: 900 }, 100), null);
});

test("the way leads around what is solid, and straight where it can", () => {
  const grid = CollisionGrid.fromRows(["########", "#......#", "#.####.#", "#......#", "########"]);
  const tile = (x, y) => ({ x: (x + 0.5) * 1024, y: (y + 0.5) * 1024 });
  assert.deepEqual(findPath(grid, tile(1, 1), tile(6, 1), 384), [tile(6, 1)]);
  const around = findPath(grid, tile(3, 1), tile(3, 3), 384);
  assert.deepEqual(around, [tile(1, 1), tile(1, 3), tile(3, 3)], "no corner more than it needs");
  for (const [at, point] of around.entries()) {
    assert.ok(isClear(grid, around[at - 1] ?? tile(3, 1), point, 384), `to ${point.x}, ${point.y}`);
  }
  assert.deepEqual(findPath(null, tile(1, 1), tile(6, 3), 384), [tile(6, 3)]);
  const into = findPath(grid, tile(3, 1), tile(0, 3), 384);
  assert.deepEqual(into.at(-1), tile(1, 3), "a wall is walked up to");
});

test("keys are those of the settings, and arrows walk beside them", () => {
  assert.equal(actionOf("KeyW"), "up");
  for (const way of ["Up", "Down", "Left", "Right"]) assert.equal(actionOf(`Arrow${way}`), way.toLowerCase());
  assert.equal(actionOf("KeyE", { interact: "KeyE" }), "interact");
  assert.deepEqual([actionOf("KeyQ"), actionOf("KeyE")].map(quickSlotOf), [0, 1]);
  assert.deepEqual(["quick3", "bag"].map(quickSlotOf), [null, null]);
  assert.equal(actionOf("Escape"), "settings");
  assert.equal(actionOf("F5"), null);
  assert.deepEqual([slotOf("slot1"), slotOf("slot8"), slotOf("slot9"), slotOf("bag")], [0, 7, null, null]);
});

const own = { x: 10_240, y: 10_240 };
const boar = { id: 7, kind: "Mob", isDead: false, place: { x: 12_288, y: 10_240 } };
const friend = { id: 9, kind: "Player", isDead: false, place: { x: 10_240, y: 12_288 } };
const aim = (shape, more = {}, friendly = false) => {
  return (
    aimOf({ shape, range: 4096, friendly }, { own, facing: 192, target: null, pointer: null, ...more })?.aim ?? null
  );
};

test("what needs an enemy is aimed at the target", () => {
  assert.deepEqual(aim("Enemy", { target: boar }), { type: "Entity", entity: 7 });
  assert.equal(aim("Enemy"), null);
  assert.equal(aim("Enemy", { target: friend }), null);
  assert.equal(aim("Enemy", { target: { ...boar, isDead: true } }), null);
});

test("help goes to the friend who is the target, else to oneself", () => {
  assert.deepEqual(aim("Ally", { target: friend }, true), { type: "Entity", entity: 9 });
  assert.deepEqual(aim("Ally", { target: boar }, true), { type: "None" });
  assert.deepEqual(aim("Ally", {}, true), { type: "None" });
  assert.deepEqual(aim("Own"), { type: "None" });
});

test("cones and projectiles go to the pointer, else to the target, else ahead", () => {
  assert.deepEqual(aim("Cone", { target: boar, pointer: { x: 10_240, y: 20_000 } }), {
    type: "Direction",
    direction: 64,
  });
  assert.deepEqual(aim("Projectile", { target: boar }), { type: "Direction", direction: 0 });
  assert.deepEqual(aim("Projectile"), { type: "Direction", direction: 192 });
  assert.deepEqual(aim("Projectile", { target: friend }), { type: "Direction", direction: 192 }, "not to a friend");
});

test("the ground is aimed at in range", () => {
  assert.deepEqual(aim("Ground", { pointer: { x: 12_000.4, y: 10_240 } }), {
    type: "Point",
    point: { x: 12_000, y: 10_240 },
  });
  assert.deepEqual(aim("Ground", { target: boar }), { type: "Point", point: boar.place });
  assert.deepEqual(aim("Ground", {}, true), { type: "Point", point: own });
  assert.deepEqual(aim("Ground"), { type: "Point", point: { x: 10_240, y: 8_192 } });
  const far = within(own, { x: 30_000, y: 30_000 }, 4096);
  const reached = Math.hypot(far.x - own.x, far.y - own.y);
  assert.ok(reached <= 4096 && reached > 4080 && far.x === far.y, `${reached} on the way there`);
  assert.deepEqual(aim("Ground", { pointer: { x: 30_000, y: 30_000 } }), { type: "Point", point: far });
});

function playerAmong(others) {
  const entities = new Map([
    [1, { kind: "Player" }],
    ...others.map(([id, kind, , isDead = false]) => [id, { kind, isDead }]),
  ]);
  const places = new Map([[1, own], ...others.map(([id, , x]) => [id, { x: own.x + x, y: own.y }])]);
  const world = { entities: () => entities.entries(), entity: (id) => entities.get(id) ?? null };
  return { session: { welcome: { entity: 1 }, world }, place: (id = 1) => places.get(id) ?? null };
}

test("the next enemy is the next nearest, and the nearest again", () => {
  const enemies = enemiesOf(
    playerAmong([
      [2, "Mob", 3000],
      [3, "Mob", -1000],
      [4, "Mob", 500, true],
      [5, "Player", 10],
    ]),
  );
  assert.deepEqual(
    enemies.map(({ id }) => id),
    [3, 2],
  );
  assert.deepEqual([next(enemies, null), next(enemies, 3), next(enemies, 2), next([], 2)], [3, 2, 3, null]);
  assert.deepEqual([nearest(enemies), nearest(enemies, 500), next(enemies, 3, 2000)], [3, null, 3]);
});

test("loot is used before vendors, and only what is in reach", () => {
  const rules = { pick_up_range: 2000, vendor_range: 3000 };
  assert.equal(
    nearestUse(
      playerAmong([
        [2, "Vendor", 500],
        [3, "GroundGold", 1500],
        [4, "GroundItem", 900],
      ]),
      rules,
    ),
    4,
  );
  assert.equal(
    nearestUse(
      playerAmong([
        [2, "Vendor", 500],
        [3, "GroundGold", 2500],
      ]),
      rules,
    ),
    2,
  );
  assert.equal(nearestUse(playerAmong([[2, "Vendor", 3500]]), rules), null);
});

test("an enemy is reached by its body, as large as the server says", () => {
  const of = (kind, definition) => ({ kind, components: { Appearance: { definition } } });
  const entities = new Map([
    [1, of("Mob", 1)],
    [2, of("Player", 1)],
    [3, of("Mob", 9)],
  ]);
  const world = { entity: (id) => entities.get(id) ?? null };
  const content = { mobs: [{ radius: 300 }, { radius: 512 }] };
  assert.deepEqual(
    [1, 2, 3, 4, null].map((id) => bodyOf({ world, content }, id)),
    [512, 0, 0, 0, 0],
  );
});

test("a gamepad answers what asks first, and does something in the world otherwise", (t) => {
  const buttons = Array.from({ length: 17 }, () => ({ pressed: false }));
  const pad = { connected: true, mapping: "standard", axes: [0, 1], buttons };
  const clicked = [];
  const button = (where) => ({
    matches: (what) => what === "button",
    closest: (wanted) => (wanted.split(", ").includes(where) ? {} : null),
    click: () => clicked.push(where),
  });
  const page = { hasFocus: () => true, activeElement: button(".death") };
  for (const [name, value] of Object.entries({ navigator: { getGamepads: () => [null, pad] }, document: page })) {
    const before = Object.getOwnPropertyDescriptor(globalThis, name);
    Object.defineProperty(globalThis, name, { value, configurable: true });
    t.after(() => (before ? Object.defineProperty(globalThis, name, before) : delete globalThis[name]));
  }
  const pressed = [];
  const gamepad = new Gamepad((action) => pressed.push(action));
  const press = (...down) => {
    buttons.forEach((one, at) => (one.pressed = down.includes(at)));
    gamepad.poll();
  };
  press(0);
  assert.deepEqual([pressed, clicked, gamepad.heading], [[], [".death"], 64]);
  press();
  page.activeElement = button(".menu-bar");
  press(0);
  press(0);
  assert.deepEqual([pressed, clicked], [["slot1"], [".death"]], "once for each press");
  press();
  page.activeElement = button("[aria-modal=true]");
  press(0);
  assert.deepEqual([pressed, clicked], [["slot1"], [".death", "[aria-modal=true]"]]);
  press(7);
  assert.deepEqual([pressed, [...gamepad.held]], [["slot1", "next"], ["next"]]);
});
