// What the figures of the page are made of.

import assert from "node:assert/strict";
import { test } from "node:test";

import { growthOf } from "./measure/growth.mjs";
import { costsOf } from "./measure/trace.mjs";

const noise = (at) => [3, -2, 1, -3, 2, -1][at % 6];

test("what goes up and down does not grow, and what leaks does", () => {
  const level = Array.from({ length: 40 }, (_, at) => [at / 6, 1000 + noise(at)]);
  assert.equal(growthOf(level, 60).grows, false);
  const leaking = level.map(([minute, value]) => [minute, value + minute * 5]);
  const { grows, gain } = growthOf(leaking, 60);
  assert.equal(grows, true);
  assert.ok(Math.abs(gain - 300) < 20, `five a minute are three hundred in an hour, not ${gain}`);
});

test("a little more that is sure, and much more that is not, are no growth", () => {
  const slow = Array.from({ length: 40 }, (_, at) => [at / 6, 1000 + at / 60]);
  assert.equal(growthOf(slow, 60).grows, false, "six in a thousand");
  const wild = Array.from({ length: 8 }, (_, at) => [at, 1000 + 100 * noise(at) + at]);
  assert.equal(growthOf(wild, 60).grows, false, "within two standard errors");
});

test("what wanders over minutes is not sure to grow", () => {
  const wandering = Array.from({ length: 40 }, (_, at) => [at / 6, 1000 + 20 * Math.sin(at / 3 + 3) + noise(at)]);
  const { gain, noise: unsure, grows } = growthOf(wandering, 60);
  assert.ok(gain > 100 && unsure > gain, `${gain} ± ${unsure}`);
  assert.equal(grows, false);
});

test("a frame costs what runs from its task to the next one's, on the page's own threads", () => {
  const on = (tid, name, ts, dur) => ({ ph: "X", pid: 1, tid, name, ts, dur, tdur: dur / 2 });
  const [main, raster] = [1, 2];
  const events = [0, 16_000, 32_000].flatMap((ts) => [
    on(main, "RunTask", ts, 4000),
    on(main, "FireAnimationFrame", ts + 1000, 2000),
    on(main, "RunTask", ts + 6000, 1000),
    on(raster, "RasterTask", ts + 5000, 2000),
  ]);
  events.push({ ...on(main, "RunTask", 1000, 90_000), pid: 9 });
  const { script, raster: pixels, both, perSecond } = costsOf(events);
  assert.deepEqual([script.p50, pixels.p50, both.p95], [2.5, 1, 3.5], "CPU time, in milliseconds");
  assert.equal(both.count, 2, "the last frame has no end");
  assert.equal(perSecond, 62.5);
});
