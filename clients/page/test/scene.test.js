// What of the scene needs no canvas.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Actor } from "../src/scene/actors.js";
import { freeBottom, linesOf } from "../src/scene/bubbles.js";
import { Camera, steadyRound, viewStart, zoomFor } from "../src/scene/camera.js";
import { creeping, edgeDepths, noise, rims } from "../src/scene/edges.js";
import { leafAt } from "../src/scene/leaves.js";
import {
  breathColumn,
  DEAD,
  DOWN,
  EXHALED,
  IDLE,
  LEFT,
  RIGHT,
  rowOf,
  rowOfAngle,
  STRIKE,
  UP,
  WALK,
  walkColumn,
  WIND_UP,
} from "../src/scene/motion.js";
import { flicker } from "../src/scene/tall.js";
import { acrossOf, middleOf } from "../src/scene/minimap.js";
import { awayFromBox, pick } from "../src/scene/pick.js";
import { areaRadius, burstRadius, coneWidth, rangePx } from "../src/scene/shapes.js";
import { FrameStats } from "../src/scene/stats.js";
import { topOf } from "../src/scene/tags.js";

test("figures look where they go, and do not flicker on a diagonal", () => {
  assert.equal(rowOf(1, 0), RIGHT);
  assert.equal(rowOf(-1, 0.2), LEFT);
  assert.equal(rowOf(0, -1), UP);
  assert.equal(rowOf(1.1, 1, DOWN), DOWN);
  assert.equal(rowOf(1, 1.1, RIGHT), RIGHT);
  assert.equal(rowOf(0, 0, UP), UP);
  assert.deepEqual(
    [0, 64, 128, 192].map((angle) => rowOfAngle(angle)),
    [RIGHT, DOWN, LEFT, UP],
  );
});

test("names stand over bars and marks, and where the dead lie", () => {
  const top = (entity) => topOf({ entity: { components: {}, isDead: false, ...entity } }, { tall: 40 });
  const marked = { components: { Status: { flags: 1 } }, hasStatus: () => true };
  assert.deepEqual([top({}), top(marked), top({ ...marked, isDead: true })], [51, 62, 20]);
});

test("feet follow the way", () => {
  assert.deepEqual(
    [0, 11, 22, 33, 44].map((way) => walkColumn(way) - WALK),
    [0, 1, 2, 3, 0],
  );
});

test("who stands breathes, each at moments of its own", () => {
  const columns = [0, 1_299, 1_300, 2_599, 2_600].map((nowMs) => breathColumn(nowMs, 0));
  assert.deepEqual(columns, [IDLE, IDLE, EXHALED, EXHALED, IDLE]);
  assert.notEqual(breathColumn(1_000, 1), breathColumn(1_000, 0));
});

test("a leaf drifts over the world, and comes back at the other edge", () => {
  const view = { x: 0, y: 0, width: 400, height: 300 };
  for (let number = 0; number < 20; number += 1) {
    for (const nowMs of [0, 5_000, 987_654]) {
      const { x, y } = leafAt(number, nowMs, view);
      assert.ok(x >= -8 && x <= 408 && y >= -8 && y <= 308, `leaf ${number} is at ${x}, ${y}`);
    }
  }
  const [here, beside] = [leafAt(3, 1_000, view), leafAt(3, 1_000, { ...view, x: 1 })];
  assert.equal(((here.x - beside.x) % 416 + 416) % 416, 1, "it does not follow the camera");
});

test("a lamp flickers, and never goes out", () => {
  const strengths = Array.from({ length: 200 }, (_, step) => flicker(step * 37, 5));
  assert.ok(Math.min(...strengths) >= 0.7 && Math.max(...strengths) <= 1);
  assert.ok(Math.max(...strengths) - Math.min(...strengths) > 0.1);
});

test("a figure walks, strikes and dies", () => {
  const actor = new Actor(1, "Player", 0);
  const entity = { facing: 64, isDead: false };
  actor.move({ x: 0, y: 0 }, entity, 0);
  assert.equal(actor.column(0, 0), IDLE);
  for (let at = 16; at < 200; at += 16) actor.move({ x: at * 4, y: 0 }, entity, at);
  assert.equal(actor.row, RIGHT);
  assert.ok(actor.column(190, 0) >= WALK && actor.column(190, 0) < WIND_UP);
  assert.equal(actor.column(400, 0), IDLE, "who stands still for a while stands");
  actor.strike(500, { x: actor.x, y: actor.y - 30 });
  assert.deepEqual(
    [actor.row, actor.column(510, 0), actor.column(650, 0), actor.column(900, 0)],
    [UP, WIND_UP, STRIKE, IDLE],
  );
  entity.isDead = true;
  assert.equal(actor.column(910, 0), DEAD);
});

test("who is told where to look while it walks, turns when it stands", () => {
  const actor = new Actor(1, "Mob", 0);
  const entity = { facing: 0, isDead: false };
  const walkTo = (x, at) => actor.move({ x, y: 0 }, entity, at);
  for (let at = 0; at < 200; at += 16) walkTo(at * 4, at);
  entity.facing = 192;
  walkTo(832, 208);
  assert.equal(actor.row, RIGHT, "it still walks");
  walkTo(832, 400);
  assert.equal(actor.row, UP);
  for (let at = 416; at < 600; at += 16) walkTo(832 - (at - 400) * 4, at);
  walkTo(32, 800);
  assert.equal(actor.row, LEFT, "what it was told before is over");
});

test("the zoom is whole, and shows about as many tiles on every screen", () => {
  assert.deepEqual([zoomFor(1280, 720), zoomFor(1920, 1080), zoomFor(1170, 2532), zoomFor(640, 360)], [2, 3, 3, 2]);
  assert.equal(zoomFor(3840, 2160), 6);
});

test("the view ends where the world ends", () => {
  assert.equal(viewStart(10, 640, 2048), 0);
  assert.equal(viewStart(1000, 640, 2048), 680);
  assert.equal(viewStart(2040, 640, 2048), 1408);
  assert.equal(viewStart(10, 640, 320), -160, "a small world is in the middle");
});

test("the player does not tremble on the screen while it walks", () => {
  const camera = new Camera();
  camera.resize(1280, 720);
  const places = new Set();
  for (let frame = 0; frame < 200; frame += 1) {
    // Frames are never quite as long as each other.
    const ms = 16.7 + Math.sin(frame * 1.7);
    const x = 600 + frame * 2.13 + Math.sin(frame * 1.7) * 0.13;
    camera.follow({ x, y: 700 }, { width: 4096, height: 4096 }, ms);
    if (frame > 80) places.add(Math.round(x) - camera.x);
  }
  assert.ok(places.size <= 2, `it was at ${[...places]}`);
  assert.equal(steadyRound(3.4, 4), 4);
  assert.equal(steadyRound(5.4, 4), 5);
});

test("grounds of a higher rank creep over their neighbours", () => {
  const names = (own, ranks) => creeping(own, (dx, dy) => ranks[`${dx},${dy}`] ?? null).map(({ name }) => name);
  assert.deepEqual(names(1, { "0,-1": 2, "1,-1": 2 }), ["north"], "a corner beside a side is none");
  assert.deepEqual(names(1, { "1,0": 2, "1,-1": 2 }), ["east"], "whichever side it is");
  const places = { north: "0,-1", east: "1,0", south: "0,1", west: "-1,0" };
  const corners = { northeast: "1,-1", southeast: "1,1", southwest: "-1,1", northwest: "-1,-1" };
  for (const [name, at] of Object.entries({ ...places, ...corners })) assert.deepEqual(names(1, { [at]: 2 }), [name]);
  assert.deepEqual(names(2, { "0,1": 2, "1,0": 1 }), []);
  assert.deepEqual(names(null, { "0,1": 2 }), []);
});

test("the rim of a wall goes around its top, and not over its front", () => {
  // T is a tile with only top, F one with ten rows of it over a front.
  const map = ["..........", ".TTTT...F.", ".TFFT.....", ".F..F....."];
  const rows = { T: 32, F: 10, ".": 0 };
  const told = (x, y, on = map) =>
    rims((dx, dy) => rows[on[y + dy]?.[x + dx] ?? "."]).map(({ neighbour, from, to }) => `${neighbour.name} ${from}-${to}`);
  assert.deepEqual(told(1, 1), ["north 0-32", "west 0-32"]);
  assert.deepEqual(told(2, 1), ["north 0-32"], "its front begins in the next row");
  assert.deepEqual(told(1, 2), ["east 10-32", "west 0-32"], "beside a front it begins where the front does");
  assert.deepEqual(told(2, 2), [], "above it is more of the wall, and on both sides as much top as it has");
  assert.deepEqual(told(4, 3), ["east 0-10", "west 0-10"]);
  assert.deepEqual(told(8, 1), ["north 0-10", "east 0-10", "west 0-10"]);
  assert.deepEqual(told(1, 1, ["TT.", "TTT", "TTT"]), ["northeast 0-32"], "around a corner it goes on");
});

test("edges fit together, and are the same each time", () => {
  for (let variant = 0; variant < 4; variant += 1) {
    const depths = edgeDepths(variant);
    assert.deepEqual([depths.length, depths[0], depths[31]], [32, 3, 3]);
    assert.ok(depths.every((depth) => depth >= 1 && depth < 10));
  }
  assert.equal(noise(3, 4, 5), noise(3, 4, 5));
  assert.ok(noise(3, 4, 5) >= 0 && noise(3, 4, 5) < 1);
});

test("who is in front is meant, or who is near", () => {
  const box = { left: 0, right: 10, top: 0, bottom: 10 };
  const others = [
    { id: 1, kind: "Mob", y: 10, box },
    { id: 2, kind: "Mob", y: 12, box: { ...box, top: 2, bottom: 12 } },
    { id: 3, kind: "GroundGold", y: 13, box: { ...box, top: 3, bottom: 13 } },
  ];
  assert.equal(pick(others, { x: 5, y: 5 }), 2);
  assert.equal(pick(others, { x: 5, y: 1 }), 1);
  assert.equal(pick(others, { x: 13, y: 5 }), 2);
  assert.equal(pick(others, { x: 30, y: 5 }), null);
  assert.equal(awayFromBox({ x: 13, y: 14 }, box), 5);
});

test("what is said is cut into lines", () => {
  assert.deepEqual(linesOf("hello there"), ["hello there"]);
  assert.deepEqual(linesOf("one two three four", 8), ["one two", "three", "four"]);
  assert.deepEqual(linesOf("abcdefghijklmnop", 8), ["abcdefgh", "ijklmnop"]);
  assert.deepEqual(linesOf("a b c d", 1, 2), ["a", "…"]);
});

test("frame times are told for half and 95 % of the frames", () => {
  const stats = new FrameStats();
  assert.deepEqual(stats.read(), { p50: 0, p95: 0, frames: 0 });
  for (let ms = 1; ms <= 100; ms += 1) stats.add(ms);
  assert.deepEqual(stats.read(), { p50: 51, p95: 96, frames: 100 });
  for (let frame = 0; frame < 300; frame += 1) stats.add(2);
  assert.deepEqual(stats.read(), { p50: 2, p95: 2, frames: 400 });
});

test("shapes have the sizes that the server tells, also of abilities that nobody knows yet", () => {
  const unheard = { id: "unheard_of", shape: "Cone", range: 2048, cone_degrees: 90, radius: 1536, burst_radius: 3072 };
  assert.equal(coneWidth(unheard), Math.PI / 2);
  assert.deepEqual([rangePx(unheard), areaRadius(unheard), burstRadius(unheard)], [64, 48, 96]);
});

test("what is said stands over others' words, and never on them", () => {
  const bubble = (middle, bottom) => ({ middle, bottom, wide: 100, high: 40 });
  const first = bubble(200, 300);
  assert.equal(freeBottom(bubble(320, 300), [first]), 300, "beside it there is room");
  assert.equal(freeBottom(bubble(200, 250), [first]), 250, "so there is above it");
  assert.equal(freeBottom(bubble(200, 350), [first]), 350, "and below it");
  const second = bubble(220, 290);
  second.bottom = freeBottom(second, [first]);
  assert.ok(second.bottom < 260, `lifted over the first: ${second.bottom}`);
  const third = freeBottom(bubble(210, 280), [first, second]);
  assert.ok(third < second.bottom - 40, `lifted over both: ${third}`);
});

test("the mini-map shows nothing beyond the edge of the map while there is map to show", () => {
  const [own, wide] = [100, 64 * 32];
  const across = acrossOf({ width: wide, height: wide });
  assert.equal(across, 44 * 32);
  assert.equal(middleOf(own, across, wide), 22 * 32);
  assert.equal(middleOf(wide - own, across, wide), wide - 22 * 32);
  assert.equal(middleOf(1000, across, wide), 1000);
  assert.equal(acrossOf({ width: 40 * 32, height: 30 * 32 }), 40 * 32, "a small map fills it");
  assert.equal(middleOf(own, 40 * 32, 30 * 32), 15 * 32, "and its short side stays in the middle");
});
