// Prediction, pace and movement.

import assert from "node:assert/strict";
import { test } from "node:test";
import { nearest } from "../src/layout.js";
import { angleBetween, angleDifference, oppositeAngle, scaled, vector } from "../src/movement/angle.js";
import { Course } from "../src/movement/course.js";
import { CollisionGrid } from "../src/movement/grid.js";
import { distance, positionOfTiles, tiles, within } from "../src/movement/position.js";
import { step } from "../src/movement/step.js";
import { Pace } from "../src/pace.js";
import { Predictor } from "../src/predict.js";
import { Random } from "./testing/random.js";

const SPEED = 130;
const RADIUS = 320;
const GRID = CollisionGrid.fromRows(["........", "..##....", "..##..#.", "........"]);

test("a server that moves alike never corrects, whatever is lost or late", () => {
  let moved = 0;
  for (let seed = 0; seed < 100; seed += 1) {
    const random = new Random(seed);
    const predictor = new Predictor(GRID, RADIUS);
    const server = [{ x: 512, y: 512 }];
    const lag = 1 + random.below(9);
    predictor.reconcile(server[0], 0, SPEED);
    for (let tick = 0; tick < 120; tick += 1) {
      const heading = random.once(5) ? null : random.below(256);
      predictor.issue({ heading }, SPEED);
      const { dx, dy } = heading === null ? { dx: 0, dy: 0 } : scaled(heading, SPEED);
      server.push(step(GRID, server[tick], RADIUS, dx, dy));
      const behind = tick + 1 - lag;
      if (behind >= 0 && !random.once(3)) predictor.reconcile(server[behind], behind, SPEED);
      assert.deepEqual(predictor.position, server[tick + 1], `seed ${seed}, tick ${tick}`);
      moved += distance(server[tick], server[tick + 1]) > 0 ? 1 : 0;
    }
    assert.equal(predictor.corrections, 0);
  }
  assert.ok(moved > 5000, `${moved} steps`);
});

test("a push is one correction, and is replayed from", () => {
  const predictor = new Predictor(null, RADIUS);
  predictor.reconcile({ x: 10_000, y: 10_000 }, 0, SPEED);
  for (let left = 4; left > 0; left -= 1) predictor.issue({ heading: 0 }, SPEED);
  const pushed = { x: 10_130, y: 10_500 };
  predictor.reconcile(pushed, 1, SPEED);
  assert.deepEqual([predictor.corrections, predictor.position], [1, { x: pushed.x + 3 * SPEED, y: pushed.y }]);
  predictor.reconcile({ x: pushed.x + SPEED, y: pushed.y }, 2, SPEED);
  assert.deepEqual([predictor.corrections, predictor.newest().map(({ number }) => number)], [1, [3, 4]]);
  predictor.forget(3);
  assert.deepEqual(
    predictor.newest().map(({ number }) => number),
    [4],
  );
});

test("a push while standing is a correction too", () => {
  const predictor = new Predictor(null, RADIUS);
  const [here, pushed] = [
    { x: 5000, y: 5000 },
    { x: 5500, y: 5000 },
  ];
  const counted = [here, here, pushed, pushed].map(
    (server) => (predictor.reconcile(server, 0, SPEED), predictor.corrections),
  );
  assert.deepEqual(counted, [0, 0, 1, 1], "the push alone");
});

test("commands are numbered without gaps, and only the newest are sent", () => {
  const predictor = new Predictor(null, RADIUS);
  for (let left = 200; left > 0; left -= 1) predictor.issue({}, SPEED);
  assert.deepEqual(
    predictor.newest().map(({ number }) => number),
    [194, 195, 196, 197, 198, 199, 200],
  );
  assert.equal(predictor.position, null, "nobody has told where the player is");
});

test("a client settles at two commands in the buffer", () => {
  for (const start of [0, 12]) {
    const pace = new Pace(30);
    let waiting = start;
    for (let tick = 0; tick < 3000; tick += 1) {
      // The server takes one command a tick. The client makes more if its ticks are shorter.
      waiting = Math.min(Math.max(waiting + 1000 / 30 / pace.intervalMs - 1, 0), 15);
      pace.observe(Math.floor(waiting));
      if (tick > 1500) assert.equal(Math.floor(waiting), 2, `${waiting} wait after ${tick} ticks`);
    }
  }
});

test("the tick never strays far", () => {
  for (const [buffered, settledMs] of [
    [0, 47],
    [2, 50],
    [15, 55],
    [255, 55],
  ]) {
    const pace = new Pace(20);
    for (let left = 1000; left > 0; left -= 1) {
      pace.observe(buffered);
      assert.ok(pace.intervalMs >= 45 - 1e-6 && pace.intervalMs <= 55 + 1e-6, `${pace.intervalMs} ms`);
    }
    assert.ok(Math.abs(pace.intervalMs - settledMs) < 1e-3, `${pace.intervalMs} ms for ${buffered}`);
  }
});

test("each direction is found again, and the nearest is what asking for every one finds", () => {
  const from = { x: 100_000, y: 100_000 };
  for (let angle = 0; angle < 256; angle += 1) {
    const { dx, dy } = scaled(angle, 50_000);
    assert.equal(angleBetween(from, { x: from.x + dx, y: from.y + dy }), angle);
    assert.equal(angleDifference(angle, oppositeAngle(angle)), 128);
  }
  const random = new Random(9);
  for (let round = 0; round < 3000; round += 1) {
    const reach = [40, 9000, 4_000_000][round % 3];
    const [dx, dy] = [random.below(2 * reach) - reach, random.below(2 * reach) - reach];
    const dot = (angle) => dx * vector(angle).x + dy * vector(angle).y;
    let best = 0;
    for (let angle = 1; angle < 256; angle += 1) if (dot(angle) > dot(best)) best = angle;
    assert.equal(angleBetween(from, { x: from.x + dx, y: from.y + dy }), best, `(${dx}, ${dy})`);
  }
  assert.deepEqual([angleDifference(250, 6), angleDifference(0, 128)], [12, 128]);
});

test("low bits stand for the nearest number, and half way for the lesser one", () => {
  assert.deepEqual(
    [nearest(5, 16, 65_530), nearest(65_530, 16, 65_541), nearest(0, 16, 70_000)],
    [65_541, 65_530, 65_536],
  );
  assert.deepEqual([nearest(0x8000, 16, 0), nearest(0, 16, 0x8000), nearest(0x7fff, 16, 0)], [-0x8000, 0, 0x7fff]);
});

test("positions, courses and grids keep to their bounds", () => {
  assert.deepEqual(positionOfTiles({ x: 1.5, y: 2 }), { x: 1536, y: 2048 });
  assert.equal(tiles(1536), 1.5);
  assert.ok(within({ x: 0, y: 0 }, { x: 3, y: 4 }, 5) && !within({ x: 0, y: 0 }, { x: 3, y: 4 }, 4));
  const west = new Course({ x: 100, y: 7 }, 128, { type: "Ahead", units: 60 });
  assert.deepEqual(
    [west.after(1), west.after(2), west.later(1).after(1)],
    [
      { x: 40, y: 7 },
      { x: 0, y: 7 },
      { x: 0, y: 7 },
    ],
  );
  for (const side of [0, 4097, 1.5]) assert.throws(() => new CollisionGrid(side, 5), RangeError);
  assert.deepEqual([CollisionGrid.fromRuns(2, 2, [5]), CollisionGrid.fromRuns(2, 2, [1, 2])], [null, null]);
});
