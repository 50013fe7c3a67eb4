// The player's own character between two ticks: it moves with every frame, in the direction that is pressed now.

import { OWN_HALF_LIFE_MS, Smoothing } from "./smoothing.js";

/**
 * How the own character moves from the newest command on: where that has led it (null until the server has said where it
 * is), the direction that is pressed, which the next command will have, and when the newest command was issued.
 * @typedef {{ from: { x: number, y: number } | null, heading: number | null, sinceMs: number }} OwnMotion
 */

/** The own character, as it is shown. */
export class Own {
  #smoothing = new Smoothing(OWN_HALF_LIFE_MS);
  /** @type {OwnMotion} */
  #motion = { from: null, heading: null, sinceMs: 0 };

  /** A command was issued with this direction. */
  ticked(session, heading, tickMs, nowMs) {
    this.#change(session, { from: session.position, heading, sinceMs: nowMs }, tickMs, nowMs);
  }

  /** The server has answered some commands, perhaps with a correction. */
  reconciled(session, tickMs, nowMs) {
    this.#change(session, { ...this.#motion, from: session.position }, tickMs, nowMs);
  }

  /**
   * A frame is shown, with the direction that is pressed now. Answers by how far it has moved for corrections alone.
   * @param {import("../session.js").Session} session
   * @param {number | null} heading
   * @param {number} tickMs
   * @param {{ nowMs: number, passedMs: number }} time
   */
  frame(session, heading, tickMs, { nowMs, passedMs }) {
    this.#change(session, { ...this.#motion, heading }, tickMs, nowMs);
    return this.#smoothing.pass(passedMs);
  }

  /** Where it is shown; null until the server has said where it is. */
  shown(session, tickMs, nowMs) {
    const there = placeOf(this.#motion, session, tickMs, nowMs);
    return there && this.#smoothing.shown(there);
  }

  /** What is shown now stays, and is led over to the new motion. */
  #change(session, motion, tickMs, nowMs) {
    if (isSame(motion, this.#motion)) return;
    const here = placeOf(this.#motion, session, tickMs, nowMs);
    this.#motion = motion;
    const there = placeOf(motion, session, tickMs, nowMs);
    if (here && there) this.#smoothing.correct(here, there);
  }
}

/** Where it is at a moment, with the part of the next command that is due by then. */
function placeOf({ from, heading, sinceMs }, session, tickMs, nowMs) {
  if (!from) return null;
  const share = Math.min(Math.max((nowMs - sinceMs) / tickMs, 0), 1);
  const to = session.ahead(from, heading);
  // Not in whole units: a key that is pressed right after a tick moves it in the same frame, too.
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}

function isSame(one, other) {
  const isThere = one.from?.x === other.from?.x && one.from?.y === other.from?.y;
  return isThere && one.heading === other.heading && one.sinceMs === other.sinceMs;
}
