// How a scripted player walks: as people do who look where they go. As `tests/src/feel/walk.rs`.

import { scaled } from "../../src/movement/angle.js";
import { distance, within } from "../../src/movement/position.js";
import { Random } from "./random.js";

/** Frames for which a player walks in one direction, or stands: one second to three. */
const LEG_FRAMES = { from: 60, below: 180 };
/** Frames in a tick of the server, at least; a leg is looked at so many ticks ahead. */
const FRAMES_PER_TICK = 2;
/** Nobody goes farther than this from where they began, on either axis: the players stay in each other's view. */
const HOME_UNITS = 8 * 1024;
/** Further ticks for which the way must be free: a leg may last a little longer than was thought. */
const SPARE_TICKS = 4;
/** Directions that are thought of before the best of them is taken. */
const THOUGHTS = 16;

/** The script of one player. */
export class Walk {
  /** The direction that is pressed now; null to stand. */
  heading = null;
  #random;
  #home = null;
  /** Frames until it does something else. */
  #leg = 0;

  constructor(seed) {
    this.#random = new Random(seed);
  }

  /** A frame begins: goes on, or does something else. */
  frame(session) {
    const { position } = session;
    if (this.#leg === 0 && position) {
      this.#leg = LEG_FRAMES.from + this.#random.below(LEG_FRAMES.below - LEG_FRAMES.from);
      // Standing now and then: a walk that begins and one that ends are what is hardest to show.
      const walks = this.heading === null || !this.#random.once(4);
      this.heading = walks ? this.#way(session, position) : null;
    }
    this.#leg = Math.max(this.#leg - 1, 0);
  }

  /** A direction in which the way is free for the whole leg; otherwise the freest, for as long as it is free. */
  #way(session, at) {
    const ticks = Math.floor(this.#leg / FRAMES_PER_TICK) + SPARE_TICKS;
    let best = { free: 0, heading: null };
    for (let thought = 0; thought < THOUGHTS && best.free < ticks; thought += 1) {
      const heading = this.#random.below(256);
      const free = this.#freeTicks(session, at, heading, ticks);
      if (free > best.free) best = { free, heading };
    }
    this.#leg = Math.max(best.free - SPARE_TICKS, 0) * FRAMES_PER_TICK;
    return this.#leg > 0 ? best.heading : null;
  }

  /**
   * For how many ticks one can walk on from here without touching a wall or leaving home, up to `most`. Who is not at home may
   * come nearer.
   */
  #freeTicks(session, from, heading, most) {
    this.#home ??= from;
    const { dx, dy } = scaled(heading, session.ownEntity?.components.MoveSpeed?.units_per_tick ?? 0);
    let at = from;
    for (let tick = 0; tick < most; tick += 1) {
      const next = session.ahead(at, heading);
      const isStraight = next.x === at.x + dx && next.y === at.y + dy;
      const isHomeward = within(next, this.#home, HOME_UNITS) || distance(next, this.#home) < distance(at, this.#home);
      if (!isStraight || !isHomeward) return tick;
      at = next;
    }
    return most;
  }
}
