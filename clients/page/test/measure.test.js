// What the figures of the page are made of.

import assert from "node:assert/strict";
import { test } from "node:test";

import { growthOf } from "./measure/growth.mjs";
import { classesOf } from "./measure/classes.mjs";
import { amountsOf } from "./measure/heap.mjs";
import { verdictOn } from "./measure/memory.mjs";
import { costsOf } from "./measure/trace.mjs";

const noise = (at) => [3, -2, 1, -3, 2, -1][at % 6];

test("what goes up and down does not grow, and what leaks does", () => {
  const level = Array.from({ length: 40 }, (_, at) => [at / 6, 1000 + noise(at)]);
  assert.equal(growthOf(level, 60, 50).grows, false);
  const leaking = level.map(([minute, value]) => [minute, value + minute * 5]);
  const { grows, gain } = growthOf(leaking, 60, 50);
  assert.equal(grows, true);
  assert.ok(Math.abs(gain - 300) < 20, `five a minute are three hundred in an hour, not ${gain}`);
});

test("a little more that is sure, and much more that is not, are no growth", () => {
  const slow = Array.from({ length: 40 }, (_, at) => [at / 6, 1000 + at / 60]);
  assert.equal(growthOf(slow, 60, 50).grows, false, "six in a thousand");
  const wild = Array.from({ length: 8 }, (_, at) => [at, 1000 + 100 * noise(at) + 110 * at]);
  const { gain, noise: unsure, grows } = growthOf(wild, 60, 50);
  assert.ok(gain > 5000 && gain > (unsure * 2) / 3 && gain < unsure, `${gain} ± ${unsure}`);
  assert.equal(grows, false, "within three standard errors, and beyond two");
});

test("what wanders over minutes is not sure to grow", () => {
  const wandering = Array.from({ length: 40 }, (_, at) => [at / 6, 1000 + 20 * Math.sin(at / 3 + 3) + noise(at)]);
  const { gain, noise: unsure, grows } = growthOf(wandering, 60, 50);
  assert.ok(gain > 100 && unsure > gain, `${gain} ± ${unsure}`);
  assert.equal(grows, false);
});

test("a snapshot of the heap is added up by kind, and V8's code is not the page's", () => {
  const node_types = [["hidden", "array", "string", "object", "code", "closure", "native", "concatenated string", "new in V8"], "string"];
  const meta = { node_fields: ["type", "name", "self_size"], node_types };
  const nodes = [[3, 40], [3, 24], [2, 16], [7, 32], [4, 900], [1, 100], [0, 8], [8, 4]].flatMap(([type, size]) => [type, 0, size]);
  const { own, code } = amountsOf({ snapshot: { meta }, nodes });
  assert.deepEqual([own.objects, own.strings, own.arrays], [amount(2, 64), amount(2, 48), amount(1, 100)]);
  assert.deepEqual([own.closures, own.rest, code], [amount(0, 0), amount(2, 12), amount(1, 900)], "what nobody knows yet is the page's");
});

test("objects and what they hold are added up by class", () => {
  const meta = {
    node_fields: ["type", "name", "self_size", "edge_count"],
    node_types: [["hidden", "array", "object"], "string"],
    edge_fields: ["type", "name_or_index", "to_node"],
    edge_types: [["element", "internal"], "string_or_number"],
  };
  const strings = ["Track", "elements", "", "Camera"];
  const nodes = [2, 0, 40, 1, 1, 2, 100, 1, 2, 0, 24, 0, 1, 2, 8, 0, 0, 3, 500, 0];
  const edges = [1, 1, 4, 0, 0, 12];
  assert.deepEqual(classesOf({ snapshot: { meta }, nodes, edges, strings }), { Track: 64, "Track.elements": 100, "array ": 8 });
});

const amount = (count, bytes) => ({ count, bytes });

test("the verdict is about what is the page's, and names the kind that grows", () => {
  const samples = (leak, wild = 1, nodes = 0) =>
    Array.from({ length: 60 }, (_, at) => ({
      minute: 4 + at / 6,
      own: { objects: amount(9000, 300_000 + 1000 * noise(at)), pixels: amount(90, 20_000_000 + 40 * wild * noise(at) + leak * at) },
      classes: { Track: 1000 + leak * at, Camera: 80 },
      code: amount(5000, 2_000_000 + 4_000 * at),
      nodes: 900 + noise(at) + nodes * at,
      listeners: 300,
    }));
  const level = verdictOn(samples(0), { minutes: 10, seen: 57 });
  assert.equal(level.holds, true, level.measured);
  assert.match(level.how, /V8's code 2118, \+1440 ± 0/, "it is told, and is no reason");
  const leaking = verdictOn(samples(600), { minutes: 10, seen: 57 });
  assert.equal(leaking.holds, false);
  assert.match(leaking.measured, /^grows: all, pixels; all \+\d+ ± \d+ KB an hour of 20.3 MB$/);
  assert.match(leaking.how, /gained most: Track \d+, \+\d+ ± 0$/);
  const piling = verdictOn(samples(0, 1, 5), { minutes: 10, seen: 57 });
  assert.equal(piling.holds, false);
  assert.match(piling.measured, /^grows: nodes; all /);
  const short = verdictOn(samples(0, 50_000), { minutes: 10, seen: 57 });
  assert.equal(short.holds, false);
  assert.match(short.measured, /^cannot tell, play for longer: /);
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
  events.push({ ...on(main, "RunTask", 1000, 90_000), pid: 9 }, { ...on(raster, "RasterTask", 1000, 90_000), pid: 9 });
  events.push(on(raster, "RunTask", 1000, 90_000));
  const { script, raster: pixels, both, perSecond } = costsOf(events);
  assert.deepEqual([script.p50, pixels.p50, both.p95], [2.5, 1, 3.5], "CPU time, in milliseconds");
  assert.equal(both.count, 2, "the last frame has no end");
  assert.equal(perSecond, 62.5);
});
