// Which way to walk: by keys, by a stick, or along points. Nothing here knows of a screen.

import { angleBetween } from "../../../js/src/index.js";

/** So near a point counts as reached, in units. */
const REACHED = 160;
/** So near a corner of the way the next one is walked to. */
const CORNER = 220;
/** Who comes nearer by less than this in that time is blocked. */
const PROGRESS_UNITS = 60;
const PROGRESS_MS = 350;
/** Below this a stick is at rest. */
const DEAD_ZONE = 0.25;

/** The direction of a vector, 0 (east) to 255; null without one. */
export function headingOf(x, y) {
  if (x === 0 && y === 0) return null;
  return Math.round((Math.atan2(y, x) / (2 * Math.PI)) * 256) & 255;
}

/** The direction of the keys that are held: `left`, `right`, `up` and `down`. */
export function headingOfKeys(held) {
  const x = Number(held.has("right")) - Number(held.has("left"));
  const y = Number(held.has("down")) - Number(held.has("up"));
  return headingOf(x, y);
}

/** The direction of a stick, each axis from -1 to 1; null at rest. */
export function headingOfStick(x, y) {
  return Math.hypot(x, y) < DEAD_ZONE ? null : headingOf(x, y);
}

/** A walk along some points, until the last one is reached or the way is blocked. */
export class Walk {
  #points = [];
  #reached = REACHED;
  #best = Infinity;
  #bestMs = 0;

  get isUnderWay() {
    return this.#points.length > 0;
  }

  /** Sets out; the last point counts as reached from so near. */
  along(points, nowMs, reached = REACHED) {
    [this.#points, this.#reached, this.#best, this.#bestMs] = [[...points], reached, Infinity, nowMs];
  }

  stop() {
    this.#points = [];
  }

  /** The direction from where the player is now; null where it need not walk any more. */
  heading(from, nowMs) {
    if (!this.isUnderWay || !from) return null;
    const away = ({ x, y }) => Math.hypot(x - from.x, y - from.y);
    while (this.isUnderWay && away(this.#points[0]) <= (this.#points.length > 1 ? CORNER : this.#reached)) {
      this.#points.shift();
      [this.#best, this.#bestMs] = [Infinity, nowMs];
    }
    if (!this.isUnderWay || this.#isBlocked(away(this.#points[0]), nowMs)) {
      this.stop();
      return null;
    }
    return angleBetween(from, this.#points[0]);
  }

  #isBlocked(away, nowMs) {
    if (away < this.#best - PROGRESS_UNITS) [this.#best, this.#bestMs] = [away, nowMs];
    return nowMs - this.#bestMs > PROGRESS_MS;
  }
}
