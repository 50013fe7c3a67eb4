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
    // So many commands may wait for an answer; 120 are sent.
    const lag = 1 + random.below(seed % 2 === 0 ? 9 : 110);
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

/** A server that takes a command each tick while it has one, and a client at its pace. */
class Line {
  pace = new Pace(30);
  head = { tick: 0, last_command: 1, buffered_commands: 0 };

  /** @param {number} buffered Commands at the server, with the share of the next one that the client has made. */
  constructor(buffered) {
    this.buffered = buffered;
  }

  /** A tick in which what the client has sent by then arrives. */
  tick() {
    this.buffered += 1000 / 30 / this.pace.intervalMs;
    this.#apply();
  }

  /** Ticks in which nothing arrives, and then all of it. */
  stall(ticks) {
    let late = 0;
    for (let left = ticks; left > 0; left -= 1) {
      late += 1000 / 30 / this.pace.intervalMs;
      this.#apply();
    }
    this.buffered += late;
  }

  #apply() {
    const applied = this.buffered >= 1 ? 1 : 0;
    this.buffered = Math.min(this.buffered - applied, 8);
    this.head = {
      tick: this.head.tick + 1,
      last_command: this.head.last_command + applied,
      buffered_commands: Math.floor(this.buffered),
    };
    this.pace.observe(this.head);
  }
}

test("a client settles at two commands in the buffer", () => {
  for (const start of [1, 7]) {
    const line = new Line(start);
    for (let tick = 0; tick < 3000; tick += 1) {
      line.tick();
      if (tick > 1500) assert.equal(Math.floor(line.buffered), 2, `${line.buffered} wait after ${tick} ticks`);
    }
  }
});

test("after its first stall a line that stalls lets a player stand half as long", () => {
  const line = new Line(2);
  const without = [];
  for (let left = 20; left > 0; left -= 1) {
    const { tick, last_command: command } = line.head;
    line.stall(6);
    for (let more = 60; more > 0; more -= 1) line.tick();
    without.push(line.head.tick - tick - (line.head.last_command - command));
  }
  assert.equal(without[0], 4, `${without}`);
  assert.ok(
    without.slice(1).every((ticks) => ticks <= 2),
    `${without}`,
  );
});

test("a line that has become calm costs no delay", () => {
  const line = new Line(2);
  line.stall(6);
  for (let left = 30; left > 0; left -= 1) line.tick();
  assert.ok(line.buffered > 3, `${line.buffered}`);
  for (let left = 1500; left > 0; left -= 1) line.tick();
  assert.equal(Math.floor(line.buffered), 2);
});

test("who has sent no command yet is not late", () => {
  const pace = new Pace(30);
  for (let tick = 1; tick < 100; tick += 1) pace.observe({ tick, last_command: 0, buffered_commands: 2 });
  assert.equal(pace.intervalMs, new Pace(30).intervalMs);
});

test("the tick never strays far", () => {
  // The last one's commands never come, so that it keeps more of them waiting.
  for (const [buffered_commands, isLate, settledMs] of [
    [0, false, 47],
    [2, false, 50],
    [15, false, 55],
    [255, false, 55],
    [0, true, 45],
  ]) {
    const pace = new Pace(20);
    for (let command = 1; command < 1000; command += 1) {
      pace.observe({ tick: command, last_command: isLate ? 1 : command, buffered_commands });
      assert.ok(pace.intervalMs >= 45 - 1e-6 && pace.intervalMs <= 55 + 1e-6, `${pace.intervalMs} ms`);
    }
    assert.ok(Math.abs(pace.intervalMs - settledMs) < 1e-3, `${pace.intervalMs} ms for ${buffered_commands}`);
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

test("positions are counted in units, and courses and grids keep to their bounds", () => {
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
  const farthest = 4096 * 1024 - 1;
  const southEast = new Course({ x: farthest - 5, y: farthest - 2 }, 0, { type: "Drifts", dx: 3, dy: 3 });
  assert.deepEqual(
    [southEast.after(1), southEast.after(9)],
    [
      { x: farthest - 2, y: farthest },
      { x: farthest, y: farthest },
    ],
  );
  const north = new Course({ x: 7, y: 100 }, 0, { type: "Drifts", dx: 0, dy: -60 });
  assert.deepEqual(north.after(2), { x: 7, y: 0 });
  for (const side of [0, 4097, 1.5]) {
    assert.throws(() => new CollisionGrid(side, 5), RangeError);
    assert.throws(() => new CollisionGrid(5, side), RangeError);
  }
  assert.deepEqual([CollisionGrid.fromRuns(2, 2, [5]), CollisionGrid.fromRuns(2, 2, [1, 2])], [null, null]);
});
