// What a screen shows between ticks and snapshots, at any rate of frames: the own character moves in the frame in which a
// key is pressed, others walk on, and nothing jumps.

import { withSeen } from "../frame.js";
import { UNITS_PER_TILE } from "../movement/position.js";
import { DisplayClock } from "./clock.js";
import { Own } from "./own.js";
import { OTHERS_HALF_LIFE_MS, Smoothing } from "./smoothing.js";
import { Track } from "./track.js";

/** Tick rate until the server has told its own. */
const DEFAULT_TICK_HZ = 30;
/** How far beyond the newest snapshot others are shown, where the line is good enough. */
const EXTRAPOLATION_MS = 150;
/** How far beyond the newest snapshot others go on at most, when no snapshot comes any more. */
const BLACKOUT_MS = 300;
/** A correction that moves something by more than this in one frame is seen as a jerk, in units. */
const VISIBLE_UNITS = 0.1 * UNITS_PER_TILE;
/** Parts of a tick in which a command tells when its player saw others. */
const SEEN_PARTS = 8;
/** Commands whose answer is waited for, to measure the round trip. */
const MAX_ISSUED = 128;

/**
 * What a screen shows. It stands beside a `Session` and is told what the session was told. Times are milliseconds of any
 * clock that never goes back, such as `performance.now()`.
 *
 *     if (session.receiveFrame(body)) display.takeSnapshot(session, now);   // A snapshot came.
 *     send(session.tick(display.withSeen(intent))); display.takeTick(session, intent, now);   // A client tick.
 *     display.advance(session, intent.heading, now);                        // A frame of the screen.
 *     for (const [id] of session.world.entities()) draw(id, display.place(session, id));
 */
export class Display {
  /** Number of frames, and of frames in which a correction moved the player's own character by more than 0.1 tile. */
  counters = { frames: 0, visibleCorrections: 0 };
  #clock;
  #own = new Own();
  /** The track and the smoothing of each other entity. */
  #others = new Map();
  /** Numbers of commands, and when they were issued. */
  #issued = [];
  /** The tick of the newest snapshot. */
  #newest = 0;
  /** The tick in which others are shown. */
  #tick = 0;
  #atMs = 0;

  /**
   * @param {number} [tickHz] The server's ticks per second, which `Welcome` tells.
   * @param {number} [extrapolationMs] How far beyond the newest snapshot others are shown: farther is nearer to the
   *   server's present, and more has to be corrected. Zero shows only what the server has told.
   */
  constructor(tickHz = DEFAULT_TICK_HZ, extrapolationMs = EXTRAPOLATION_MS) {
    this.#clock = new DisplayClock(tickHz, extrapolationMs);
  }

  /** The clock: the delay of others, and the round trip to the server. */
  get clock() {
    return this.#clock;
  }

  /** The tick in which others are shown, with its fraction. */
  get tick() {
    return this.#tick;
  }

  /**
   * The intent with the moment at which others are shown in the last frame: the server hits those whom a shape has reached
   * there. What an action says of it already is kept.
   * @param {import("../session.js").Intent} intent
   * @returns {import("../session.js").Intent}
   */
  withSeen(intent) {
    if (this.counters.frames === 0) return intent;
    const parts = Math.max(Math.floor(this.#tick * SEEN_PARTS + 0.5), 0);
    return withSeen(intent, { tick: Math.floor(parts / SEEN_PARTS), part: parts % SEEN_PARTS });
  }

  /**
   * The session has applied a snapshot.
   * @param {import("../session.js").Session} session
   * @param {number} nowMs
   */
  takeSnapshot(session, nowMs) {
    const { head } = session.world;
    this.#newest = head.tick;
    this.#clock.observe(head.tick, nowMs);
    while (this.#issued.length > 0 && this.#issued[0].number <= head.last_command) {
      const { number, issuedAtMs } = this.#issued.shift();
      if (number !== head.last_command) continue;
      const waited = (head.buffered_commands + 0.5) * this.#clock.tickMs;
      this.#clock.observeRoundTrip(nowMs - issuedAtMs - waited);
    }
    this.#own.reconciled(session, this.#clock.tickMs, nowMs);
    this.#takeCourses(session);
  }

  #takeCourses(session) {
    for (const id of this.#others.keys()) {
      if (!session.world.entity(id)) this.#others.delete(id);
    }
    for (const [id, entity] of session.world.entities()) {
      if (entity.course && id !== session.welcome?.entity) this.#takeCourse(id, entity.course);
    }
  }

  #takeCourse(id, { tick: toldAt, course }) {
    let other = this.#others.get(id);
    if (!other) {
      other = { track: new Track(), smoothing: new Smoothing(OTHERS_HALF_LIFE_MS) };
      this.#others.set(id, other);
    }
    const here = other.track.at(this.#tick);
    if (!other.track.push(toldAt, course) || !here) return;
    other.smoothing.correct(here, other.track.at(this.#tick));
  }

  /**
   * The session has issued a command.
   * @param {import("../session.js").Session} session
   * @param {import("../session.js").Intent} intent What `Session.tick` was given.
   * @param {number} nowMs
   */
  takeTick(session, intent, nowMs) {
    if (this.#issued.length === MAX_ISSUED) this.#issued.shift();
    this.#issued.push({ number: session.commandsIssued, issuedAtMs: nowMs });
    this.#own.ticked(session, intent.heading ?? null, this.#clock.tickMs, nowMs);
  }

  /**
   * A frame is about to be drawn.
   * @param {import("../session.js").Session} session
   * @param {number | null | undefined} heading The direction that the player presses now.
   * @param {number} nowMs
   */
  advance(session, heading, nowMs) {
    const passedMs = Math.max(nowMs - this.#atMs, 0);
    this.#atMs = nowMs;
    const moved = this.#own.frame(session, heading ?? null, this.#clock.tickMs, { nowMs, passedMs });
    this.counters.frames += 1;
    if (moved > VISIBLE_UNITS) this.counters.visibleCorrections += 1;
    const last = this.#newest + BLACKOUT_MS / this.#clock.tickMs;
    this.#tick = Math.min(this.#clock.advance(nowMs), last);
    for (const { smoothing } of this.#others.values()) smoothing.pass(passedMs);
  }

  /**
   * Where an entity is shown in this frame, in units; null if it is not in view.
   * @param {import("../session.js").Session} session
   * @param {number} entity
   * @returns {{ x: number, y: number } | null}
   */
  place(session, entity) {
    if (session.welcome?.entity === entity) return this.#own.shown(session, this.#clock.tickMs, this.#atMs);
    const other = this.#others.get(entity);
    const there = other?.track.at(this.#tick);
    return there ? other.smoothing.shown(there) : null;
  }
}
