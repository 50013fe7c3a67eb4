// What a screen shows, on good lines and bad ones.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Display } from "../src/display/display.js";
import { Session } from "../src/session.js";
import { Lab, OTHER } from "./testing/display-lab.js";
import { snapshotBody } from "./testing/snapshots.js";

const GOOD = { delayMs: 5, jitterMs: 0, lostPercent: 0 };
/** A round trip of 100 ms and up to 40 more, and 2 % lost each way. */
const BAD = { delayMs: 50, jitterMs: 20, lostPercent: 2 };
const EXTRAPOLATION_MS = 150;
/** Frames until the clocks of a lab are set. */
const SETTLED = 240;

function lab(line) {
  const lab = new Lab(7, line, EXTRAPOLATION_MS);
  frames(lab, SETTLED);
  return lab;
}

const frames = (lab, count) => Array.from({ length: count }, () => lab.frame());
const between = (one, other) => Math.hypot(one.x - other.x, one.y - other.y);

/** The least and the most that the own character moves in a frame, so many frames after its direction has changed. */
function evenStep(frames, walks) {
  // A frame is half a tick of 136 units. What a change takes back is spread: less than a quarter of a tick in one frame.
  if (frames < 20) return [0, 68 + 34];
  // A tick of the client may be some 5 % longer or shorter than one of the server: of half a tick, that is a tenth.
  return walks ? [60, 76] : [0, 1];
}

test("the own character moves in the frame in which a key is pressed", () => {
  for (const line of [GOOD, BAD]) {
    const here = lab(line);
    let stands = here.frame().own;
    // Pressed at every moment of a tick.
    for (let press = 0; press < 20; press += 1) {
      here.heading = press * 12;
      assert.ok(between(here.frame().own, stands) > 0, `${JSON.stringify(line)}, press ${press}`);
      here.heading = null;
      stands = frames(here, 30 + (press % 3)).at(-1).own;
    }
  }
});

test("the own character walks evenly, and is not corrected on a bad line", () => {
  const here = lab(BAD);
  let [last, way] = [here.frame().own, 0];
  for (let frame = 0; frame < 6000; frame += 1) {
    if (frame % 90 === 0) here.heading = frame % 360 === 0 ? null : (frame / 2) & 255;
    const { own } = here.frame();
    const step = between(own, last);
    const [least, most] = evenStep(frame % 90, here.heading !== null);
    assert.ok(step >= least && step <= most, `${step} units in frame ${frame}, not ${least} to ${most}`);
    way += step;
    last = own;
  }
  assert.deepEqual(here.display.counters, { frames: SETTLED + 6001, visibleCorrections: 0 });
  assert.equal(here.session.corrections, 0);
  assert.ok(way > 250_000, `it walks three quarters of the time: ${way} units`);
});

test("a push is shown over some frames", () => {
  const here = lab(GOOD);
  const before = here.frame().own;
  here.push(1024);
  const shown = [before, ...frames(here, 60).map(({ own }) => own)];
  for (let at = 1; at < shown.length; at += 1) {
    const step = shown[at].x - shown[at - 1].x;
    assert.ok(step >= 0 && step <= 300, `${step} units`);
  }
  const way = shown.at(-1).x - before.x;
  assert.ok(Math.abs(way - 1024) < 8, `${way} units`);
  assert.ok(here.display.counters.visibleCorrections > 0, "a tile is more than an eye misses");
});

test("others are shown where they are on a bad line", () => {
  for (const [line, least] of [[BAD, 0.15], [{ ...BAD, isTcp: true }, 0.25]]) {
    const errors = frames(lab(line), 12_000).map(({ other, otherTruth }) => between(other, otherTruth) / 1024);
    errors.sort((a, b) => a - b);
    assert.ok(errors[6000] < 0.1 && errors[11_400] <= least, `${errors[6000]}, ${errors[11_400]} on ${JSON.stringify(line)}`);
  }
});

test("others never leap on a bad line", () => {
  const here = lab(BAD);
  let [last, way] = [here.frame().other, 0];
  for (let frame = 0; frame < 6000; frame += 1) {
    const { other } = here.frame();
    const step = between(other, last);
    // Half a tick's way, and a share of what must be corrected after a turn.
    assert.ok(step < 280, `${step} units in frame ${frame}`);
    way += step;
    last = other;
  }
  assert.ok(way > 300_000, `it walks all the time: ${way} units`);
});

test("without snapshots others go on for a moment only, and are found again afterwards", () => {
  const here = lab(GOOD);
  here.isDown = true;
  const way = frames(here, 180).map(({ other }) => other);
  const went = between(way[0], way[179]);
  assert.ok(went > 0 && went < 136 * 30 * 0.4, `${went} units`);
  assert.ok(between(way[30], way[179]) < 1, "it stands after half a second");
  here.isDown = false;
  const last = frames(here, 60).at(-1);
  assert.ok(between(last.other, last.otherTruth) < 200, JSON.stringify(last));
});

test("the line is measured", () => {
  for (const [line, roundTripMs] of [[GOOD, 10], [BAD, 100], [{ ...BAD, jitterMs: 80 }, 100]]) {
    const here = lab(line);
    frames(here, 600);
    const { clock } = here.display;
    assert.ok(Math.abs(clock.roundTripMs - roundTripMs) < 30, `${clock.roundTripMs} ms for ${JSON.stringify(line)}`);
    // All but one in four come within a part of it, since of those that come late some are overtaken and dropped.
    assert.ok(Math.abs(clock.jitterMs - 0.6 * line.jitterMs) < 18, `${clock.jitterMs} ms for ${JSON.stringify(line)}`);
  }
});

test("what is not in view has no place", () => {
  const here = lab(GOOD);
  assert.notEqual(here.display.place(here.session, OTHER), null);
  assert.equal(here.display.place(here.session, 77), null);
  const { head } = here.session.world;
  assert.ok(here.session.receiveFrame(snapshotBody({ ...head, tick: head.tick + 1, despawns: [OTHER] })));
  here.display.takeSnapshot(here.session, (SETTLED * 1000) / 60);
  assert.equal(here.display.place(here.session, OTHER), null, "it has gone");
  const [session, display] = [new Session(), new Display()];
  display.advance(session, 0, 5);
  assert.deepEqual([display.place(session, OTHER), display.tick], [null, 0]);
});
