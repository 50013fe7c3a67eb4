// Replays what the Rust library has computed, and demands the same of this one.
//
//   node traces.mjs FILE
//
// Prints how many traces of each kind were equal, as JSON. Exits with 1 at the first that is not.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { BitReader } from "../src/bits.js";
import { layoutOf } from "../src/codec.js";
import { Course } from "../src/movement/course.js";
import { CollisionGrid } from "../src/movement/grid.js";
import { step } from "../src/movement/step.js";
import { Predictor } from "../src/predict.js";
import { fromHex } from "./testing/vectors.js";

const traces = JSON.parse(readFileSync(process.argv[2], "utf8"));
const counts = { steps: 0, courses: 0, predictions: 0, positions: 0, blocked: 0, corrections: 0 };

/** Compares a position. */
function same(at, [x, y], what) {
  assert.deepEqual(at, { x, y }, what);
  counts.positions += 1;
}

/** Steps of a circle over a random grid: `[dx, dy, x, y]`, each from where the one before ended. */
for (const { rows, radius, from, steps } of traces.steps) {
  const grid = CollisionGrid.fromRows(rows);
  let at = { x: from[0], y: from[1] };
  for (const [dx, dy, x, y] of steps) {
    if (x !== at.x + dx || y !== at.y + dy) counts.blocked += 1;
    const to = step(grid, at, radius, dx, dy);
    same(to, [x, y], `by (${dx}, ${dy}) from (${at.x}, ${at.y}), radius ${radius}, on\n${rows.join("\n")}`);
    at = to;
  }
  counts.steps += 1;
}

/** Courses by their bits, and where each is so many ticks later: `[ticks, x, y]`. */
for (const { hex, near, after } of traces.courses) {
  const fields = layoutOf("Course").read(new BitReader(fromHex(hex)), [{ position: { x: near[0], y: near[1] } }]);
  const course = Course.fromFields(fields);
  for (const [ticks, x, y] of after) {
    same(course.after(ticks), [x, y], `${hex} near (${near}), ${ticks} ticks later`);
    same(course.later(ticks).position, [x, y], `${hex} near (${near}), as of ${ticks} ticks later`);
  }
  counts.courses += 1;
}

/** What a predictor was told, and what it answered: its position, its corrections, and the commands that it would send. */
for (const { rows, radius, events } of traces.predictions) {
  const predictor = new Predictor(rows && CollisionGrid.fromRows(rows), radius);
  for (const { issue, reconcile, at, corrections, newest } of events) {
    if (issue) predictor.issue({ heading: issue.heading }, issue.units);
    else predictor.reconcile({ x: reconcile.at[0], y: reconcile.at[1] }, reconcile.last, reconcile.units);
    if (at) same(predictor.position, at, JSON.stringify(issue ?? reconcile));
    else assert.equal(predictor.position, null);
    assert.equal(predictor.corrections, corrections);
    assert.deepEqual(
      predictor.newest().map(({ number, heading }) => [number, heading]),
      newest,
    );
  }
  counts.corrections += predictor.corrections;
  counts.predictions += 1;
}

console.log(JSON.stringify(counts));
