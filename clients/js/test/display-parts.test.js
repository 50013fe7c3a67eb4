// The clock, the tracks and the smoothing of what a screen shows.

import assert from "node:assert/strict";
import { test } from "node:test";
import { DisplayClock } from "../src/display/clock.js";
import { Smoothing } from "../src/display/smoothing.js";
import { Track } from "../src/display/track.js";
import { Course } from "../src/movement/course.js";
import { Random } from "./testing/random.js";

const TICK_MS = 20;
const SAMPLES = 64;
const HALF_LIFE_MS = 60;

/** Shows a frame each 10 ms, with snapshots that are late by so many milliseconds; how wrong the clock is at each. */
function errors(lateMs, extrapolationMs) {
  const clock = new DisplayClock(50, extrapolationMs);
  clock.observeRoundTrip(60);
  let told = 0;
  return Array.from({ length: 1000 }, (_, frame) => {
    const nowMs = frame * 10;
    for (; told * TICK_MS + 30 + lateMs(told) <= nowMs; told += 1) clock.observe(told, nowMs);
    return clock.advance(nowMs) - nowMs / TICK_MS;
  });
}

test("on a steady line the clock shows the present", () => {
  const settled = errors(() => 0, 100).slice(100);
  assert.equal(settled.length, 900);
  for (const error of settled) assert.ok(Math.abs(error) < 0.51, `${error} ticks`);
});

test("the clock stays behind by what the line takes beyond the extrapolation", () => {
  // Each second is 60 ms late: 30 under way, 60 late and a tick are 110, of which 50 are extrapolated.
  const late = errors((tick) => (tick % 2 === 0 ? 60 : 0), 50).slice(400);
  const mean = late.reduce((sum, error) => sum + error, 0) / late.length;
  assert.ok(Math.abs(mean * TICK_MS + 60) < 10, `${-mean * TICK_MS} ms behind`);
});

test("rare late snapshots do not set the clock", () => {
  const steady = errors(() => 0, 0);
  const rare = errors((tick) => (tick % 5 === 0 ? 15 : 0), 0);
  const often = errors((tick) => (tick % 3 === 0 ? 15 : 0), 0);
  const differing = (others) => others.filter((error, at) => at >= 200 && Math.abs(error - steady[at]) > 0.01).length;
  assert.equal(differing(rare), 0);
  assert.ok(differing(often) > 700);
});

test("a server that stumbles is followed within two seconds", () => {
  // After five seconds it loses five ticks.
  const error = errors((tick) => (tick >= 250 ? 100 : 0), 200)[700];
  assert.ok(Math.abs(error + 5) < 0.51, `${-error} ticks behind`);
});

test("the clock is set without a jump, and never goes back", () => {
  // The line becomes 100 ms worse after five seconds.
  const clock = new DisplayClock(50, 0);
  let last = null;
  for (let frame = 0; frame < 1500; frame += 1) {
    const nowMs = frame * 10;
    const late = frame > 500 ? 100 : 0;
    if (frame % 2 === 0 && nowMs >= late) clock.observe(Math.floor((nowMs - late) / TICK_MS), nowMs);
    const tick = clock.advance(nowMs);
    const passed = tick - last;
    if (last !== null) assert.ok(passed >= 0.45 - 1e-9 && passed <= 0.55 + 1e-9, `${passed} ticks in frame ${frame}`);
    last = tick;
  }
  const behind = (1499 * 10) / TICK_MS - last;
  assert.ok(Math.abs(behind - 6) < 0.1, `${behind} ticks behind: 5 on the way, and one for the next snapshot`);
});

test("a clock that is far off is set at once", () => {
  const clock = new DisplayClock(50, 0);
  assert.equal(clock.present(7000), 0, "before the first snapshot");
  clock.observe(0, 0);
  clock.advance(0);
  // Another world, where the ticks are others.
  for (let n = 0; n < SAMPLES; n += 1) clock.observe(9000 + n, 100 + n * TICK_MS);
  const tick = clock.advance(100 + 63 * TICK_MS);
  assert.ok(Math.abs(tick - 9062) < 1e-6, "the newest, less the tick that is kept for the next");
});

test("a correction begins where it was, and ends where it should be", () => {
  // On a line that leads along both axes.
  const point = (x) => ({ x, y: 100 - x / 2 });
  const smoothing = new Smoothing(HALF_LIFE_MS);
  smoothing.correct(point(500), point(0));
  assert.deepEqual(smoothing.shown(point(0)), point(500), "nothing has moved yet");
  assert.equal(smoothing.pass(HALF_LIFE_MS), 250);
  assert.deepEqual(smoothing.shown(point(0)), point(250));
  // It should be at 0, is shown at 250, and now should be at 100.
  smoothing.correct(point(0), point(100));
  assert.deepEqual(smoothing.shown(point(100)), point(250), "another correction begins at what is shown");
  const moved = Array.from({ length: 60 }, () => smoothing.pass(16));
  assert.ok(moved.every((step, at) => at === 0 || step < moved[at - 1]), "less with every frame");
  const { x, y } = smoothing.shown(point(0));
  assert.ok(Math.abs(x) < 1 && Math.abs(y - 100) < 1, "after a second");
});

test("a jump is shown as one", () => {
  // On a line that leads along both axes.
  const point = (x) => ({ x, y: 100 - x / 2 });
  const smoothing = new Smoothing(HALF_LIFE_MS);
  smoothing.correct(point(3072), point(0));
  assert.deepEqual(smoothing.shown(point(0)), point(3072));
  smoothing.correct(point(0), point(-1));
  assert.deepEqual(smoothing.shown(point(-1)), point(-1));
  const origin = { x: 0, y: 0 };
  for (const [x, y] of [[3073, 0], [-3073, 0], [0, 3073], [0, -3073]]) {
    const other = new Smoothing(HALF_LIFE_MS);
    other.correct({ x, y }, origin);
    assert.deepEqual(other.shown(origin), origin, `from ${x}, ${y}`);
  }
});

function course(x, dx) {
  return new Course({ x, y: 5000 }, 0, dx === 0 ? undefined : { type: "Drifts", dx, dy: 0 });
}

function trackOf(...courses) {
  const track = new Track();
  for (const [tick, x, dx] of courses) assert.ok(track.push(tick, course(x, dx)));
  return track;
}

test("a track goes on at its speed between and after courses", () => {
  const track = trackOf([10, 1000, 100], [20, 2000, 100]);
  for (const [tick, x] of [[5, 1000], [10, 1000], [12.5, 1250], [19.5, 1950], [24.25, 2425]]) {
    assert.deepEqual(track.at(tick), { x, y: 5000 }, `at tick ${tick}`);
  }
  assert.equal(new Track().at(1), null);
});

test("a track is led over to where the next course begins", () => {
  // By its first course it would be at 2,000 then.
  const track = trackOf([10, 1000, 100], [20, 1700, 0]);
  const shown = [16, 17, 18, 19, 20, 30].map((tick) => track.at(tick).x);
  assert.deepEqual(shown, [1600, 1700, 1700, 1700, 1700, 1700], "over the last three ticks");
});

test("what nobody is shown any more is forgotten", () => {
  const track = trackOf([10, 1000, 0], [20, 2000, 0], [40, 3000, 0], [148, 4000, 0]);
  assert.deepEqual([10, 30].map((tick) => track.at(tick).x), [2000, 2000], "the first has ended long ago");
});

test("a jump is no walk, and an old course is not taken again", () => {
  const track = trackOf([10, 1000, 0], [20, 9000, 0]);
  assert.deepEqual([19.9, 20].map((tick) => track.at(tick).x), [1000, 9000]);
  assert.ok(!track.push(20, course(1, 0)) && !track.push(9, course(1, 0)));
  assert.equal(track.at(21).x, 9000);
});

test("what is shown of a track never leaps", () => {
  let shownInAll = 0;
  for (let seed = 0; seed < 300; seed += 1) {
    const random = new Random(seed);
    const courses = [];
    let [tick, at, speed] = [100, 500_000, 0];
    for (let left = 1 + random.below(15); left > 0; left -= 1) {
      courses.push([tick, at, speed]);
      const ticks = 1 + random.below(11);
      // Where it is by its course so far, and somewhat off.
      [tick, at] = [tick + ticks, at + speed * ticks + random.below(121) - 60];
      speed = random.below(261) - 130;
    }
    const track = trackOf(...courses);
    const frame = 0.05 + random.below(850) / 1000;
    // The greatest speed, and the greatest error led over within one tick, in which two blends may meet.
    const most = (130 + 2 * 60) * Math.max(frame, 0.1) + 61;
    let shown = track.at(100).x;
    for (let now = 100 + frame; now < tick + 10; now += frame) {
      const next = track.at(now).x;
      assert.ok(Math.abs(next - shown) <= most, `${shown} to ${next} at ${now}, seed ${seed}`);
      shown = next;
      shownInAll += 1;
    }
  }
  assert.ok(shownInAll > 20_000, `${shownInAll} frames`);
});
