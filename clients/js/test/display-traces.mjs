// Replays what the Rust library has shown, and demands the same of this one, to the last bit.
//
//   node display-traces.mjs FILE
//
// Prints how many traces of each kind were equal, and in how many results, as JSON. Fails at the first that is not.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { DisplayClock } from "../src/display/clock.js";
import { Display } from "../src/display/display.js";
import { Smoothing } from "../src/display/smoothing.js";
import { Track } from "../src/display/track.js";
import { Course } from "../src/movement/course.js";
import { Session } from "../src/session.js";
import { fromHex } from "./testing/vectors.js";

const point = ([x, y]) => ({ x, y });
const place = (at) => at && [at.x, at.y];

/** The last element of each step is what is to come of it. `act` answers what comes of the others. */
function replay(steps, act) {
  steps.forEach((step, at) => {
    const came = act[step[0]](...step.slice(1, -1));
    if (!isDeepStrictEqual(came, step.at(-1))) assert.fail(`${JSON.stringify(came)} came of step ${at}: ${JSON.stringify(step)}`);
  });
  return steps.length;
}

function clock({ tickHz, extrapolationMs, steps }) {
  const clock = new DisplayClock(tickHz, extrapolationMs);
  const told = (nowMs) => [clock.tickMs, clock.jitterMs, clock.roundTripMs, clock.delayMs, clock.present(nowMs)];
  return replay(steps, {
    observe: (tick, nowMs) => (clock.observe(tick, nowMs), told(nowMs)),
    observeRoundTrip: (ms, nowMs) => (clock.observeRoundTrip(ms), told(nowMs)),
    advance: (nowMs) => [clock.advance(nowMs), told(nowMs)],
  });
}

function track({ steps }) {
  const track = new Track();
  return replay(steps, {
    push: (tick, [x, y, facing], going) => track.push(tick, new Course({ x, y }, facing, going)),
    at: (tick) => place(track.at(tick)),
  });
}

function smoothing({ halfLifeMs, steps }) {
  const smoothing = new Smoothing(halfLifeMs);
  return replay(steps, {
    correct: (here, there) => (smoothing.correct(point(here), point(there)), place(smoothing.shown(point(there)))),
    pass: (ms, there) => [smoothing.pass(ms), place(smoothing.shown(point(there)))],
  });
}

function sessionOf(messages) {
  const session = new Session();
  for (const message of messages) session.receiveMessage(fromHex(message));
  assert.ok(session.isEntered);
  return session;
}

/** Times are whole microseconds. */
function display({ tickHz, extrapolationUs, messages, asked, steps }) {
  const session = sessionOf(messages);
  const display = extrapolationUs === null ? new Display(tickHz) : new Display(tickHz, extrapolationUs / 1000);
  return replay(steps, {
    frame(nowUs, body) {
      const isApplied = session.receiveFrame(fromHex(body));
      if (isApplied) display.takeSnapshot(session, nowUs / 1000);
      return [isApplied, place(session.position), session.corrections];
    },
    tick(nowUs, heading) {
      session.tick({ heading });
      display.takeTick(session, { heading }, nowUs / 1000);
      return place(session.position);
    },
    show(nowUs, heading) {
      display.advance(session, heading, nowUs / 1000);
      const { clock, counters, tick } = display;
      const line = [clock.jitterMs, clock.roundTripMs, clock.delayMs];
      const places = asked.map((id) => place(display.place(session, id)));
      const { seen } = display.withSeen({ action: { slot: 0, aim: { type: "None" } } }).action;
      return [[counters.frames, counters.visibleCorrections], line, tick, [seen.tick, seen.part], places];
    },
  });
}

function abilities({ messages, slots, steps }) {
  const session = sessionOf(messages);
  const fields = ({ command, slot, ability, begins, takesEffect }) => [command, slot, ability, begins, takesEffect];
  const shown = () => {
    const ofSlots = Array.from({ length: slots }, (_, slot) => [session.refusalOf(slot), session.readyAt(slot)]);
    const { cast, commandsIssued, ownTick } = session;
    return [
      session.takeTakenBack().map(fields),
      session.predictedUses.map(fields),
      cast && [cast.ability, cast.from, cast.until],
      ofSlots,
      session.tickOf(Math.floor(commandsIssued / 2)),
      ownTick,
    ];
  };
  return replay(steps, {
    tick(heading, slot) {
      const action = slot === null ? null : { slot, aim: { type: "None" } };
      const seen = session.tick({ heading, action }).commands.at(-1).action?.seen ?? null;
      return [seen && [seen.tick, seen.part], shown()];
    },
    frame: (body) => [session.receiveFrame(fromHex(body)), shown()],
    messages(told) {
      for (const message of told) session.receiveMessage(fromHex(message));
      return shown();
    },
  });
}

const kinds = { clocks: clock, tracks: track, smoothings: smoothing, displays: display, abilities };
const traces = JSON.parse(readFileSync(process.argv[2], "utf8"));
const counts = {};
for (const [kind, of] of Object.entries(kinds)) {
  const results = traces[kind].map(of);
  counts[kind] = { traces: results.length, results: results.reduce((sum, count) => sum + count, 0) };
}
console.log(JSON.stringify(counts));
