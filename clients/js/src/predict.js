// Client-side prediction: the player's commands that the server has not confirmed, on top of the server's last state.

import { LIMITS } from "./generated/protocol.js";
import { scaled } from "./movement/angle.js";
import { step } from "./movement/step.js";

/** Maximum number of commands kept for replaying. A server that is further behind has lost us. */
const MAX_PENDING = 128;

/** Predicts the player's own movement. */
export class Predictor {
  #grid;
  #bodyRadius;
  /** Commands that are not confirmed, each with the predicted position after it. */
  #pending = [];
  #issued = 0;
  /** The last command that the server applied, and the position after it. */
  #confirmed = null;
  #at = null;
  #corrections = 0;
  #correctedUnits = 0;

  /**
   * @param {import("./movement/grid.js").CollisionGrid | null} [grid] The ground; open everywhere without one.
   * @param {number} [bodyRadius]
   */
  constructor(grid = null, bodyRadius = 0) {
    this.#grid = grid;
    this.#bodyRadius = bodyRadius;
  }

  /** Sets the ground, if it comes after the prediction has started. */
  standOn(grid) {
    this.#grid = grid;
  }

  /** The player's predicted position; null while there is nothing to predict from. */
  get position() {
    return this.#at;
  }

  /** The number of the newest command; 0 before the first. */
  get issued() {
    return this.#issued;
  }

  /** How often the server's position differed from the prediction. */
  get corrections() {
    return this.#corrections;
  }

  /** By how much all corrections together have moved the player, each on the axis on which it moved more; in units. */
  get correctedUnits() {
    return this.#correctedUnits;
  }

  /**
   * Where a command with this direction leads a body.
   * @param {{ x: number, y: number }} from
   * @param {number | null} heading
   * @param {number} unitsPerTick
   */
  ahead(from, heading, unitsPerTick) {
    if (heading === null) return from;
    const { dx, dy } = scaled(heading, unitsPerTick);
    if (this.#grid) return step(this.#grid, from, this.#bodyRadius, dx, dy);
    return { x: Math.max(from.x + dx, 0), y: Math.max(from.y + dy, 0) };
  }

  /**
   * Makes the next command and predicts its result.
   * @param {{ heading?: number | null, action?: object | null }} intent What the player wants.
   * @param {number} unitsPerTick How fast it walks now; 0 while it cannot.
   */
  issue({ heading = null, action = null }, unitsPerTick) {
    this.#issued += 1;
    const command = { number: this.#issued, heading, action };
    if (this.#at) this.#at = this.ahead(this.#at, command.heading, unitsPerTick);
    if (this.#pending.length === MAX_PENDING) this.#pending.shift();
    this.#pending.push({ command, to: this.#at });
  }

  /** The newest commands that the server has not confirmed, oldest first. */
  newest() {
    return this.#pending.slice(-LIMITS.commands_per_frame).map(({ command }) => command);
  }

  /**
   * Reconciliation: takes the server's position after `lastCommand`, and replays the commands after it.
   * @param {{ x: number, y: number }} server
   * @param {number} lastCommand
   * @param {number} unitsPerTick
   */
  reconcile(server, lastCommand, unitsPerTick) {
    const expected = this.#expected(lastCommand);
    if (expected && (expected.x !== server.x || expected.y !== server.y)) {
      this.#corrections += 1;
      this.#correctedUnits += Math.max(Math.abs(expected.x - server.x), Math.abs(expected.y - server.y));
    }
    this.#confirmed = { number: lastCommand, at: server };
    this.forget(lastCommand);
    let at = server;
    for (const issued of this.#pending) {
      at = this.ahead(at, issued.command.heading, unitsPerTick);
      issued.to = at;
    }
    this.#at = at;
  }

  /** Forgets the commands that the server has applied. */
  forget(lastCommand) {
    const first = this.#pending.findIndex(({ command }) => command.number > lastCommand);
    this.#pending.splice(0, first < 0 ? this.#pending.length : first);
  }

  #expected(lastCommand) {
    // No new command was applied, so the player should still be where it was.
    if (this.#confirmed?.number === lastCommand) return this.#confirmed.at;
    return this.#pending.find(({ command }) => command.number === lastCommand)?.to ?? null;
  }
}
