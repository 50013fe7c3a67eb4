// Dead reckoning between snapshots: from a position and a step per tick, both ends compute the same position for every
// later tick.

import { ProtocolError } from "../errors.js";
import { scaled } from "./angle.js";
import { FARTHEST_UNITS } from "./position.js";

const STANDS = Object.freeze({ type: "Stands" });

/**
 * How an entity moves, the same every tick: not at all, `units` in the direction it looks, or by (`dx`, `dy`) wherever
 * it looks.
 * @typedef {{ type: "Stands" } | { type: "Ahead", units: number } | { type: "Drifts", dx: number, dy: number }} Going
 */

/** Where an entity is, where it looks, and how it moves from there. */
export class Course {
  /**
   * @param {{ x: number, y: number }} position The centre of its body at the tick of the course.
   * @param {number} facing The direction in which it looks.
   * @param {Going} [going] How it moves; it stands if left out.
   */
  constructor(position, facing, going = STANDS) {
    this.position = position;
    this.facing = facing;
    this.going = going;
  }

  /** A course from the fields of its layout. Throws a `ProtocolError` when they are illegal. */
  static fromFields({ going, facing, x, y, units_per_tick, dx, dy }) {
    const ways = [STANDS, { type: "Ahead", units: units_per_tick }, { type: "Drifts", dx, dy }];
    if (going >= ways.length) throw new ProtocolError("Malformed", `unknown kind of movement: ${going}`);
    const isOnMap = (units) => units >= 0 && units <= FARTHEST_UNITS;
    if (!isOnMap(x) || !isOnMap(y))
      throw new ProtocolError("Malformed", `a course starts outside every map: (${x}, ${y})`);
    return new Course({ x, y }, facing, ways[going]);
  }

  /** The fields of its layout. */
  toFields() {
    const { position, facing, going } = this;
    const number = ["Stands", "Ahead", "Drifts"].indexOf(going.type);
    return { going: number, facing, ...position, units_per_tick: going.units, dx: going.dx, dy: going.dy };
  }

  /** Its movement per tick, in units. */
  step() {
    if (this.going.type === "Ahead") return scaled(this.facing, this.going.units);
    return this.going.type === "Drifts" ? { dx: this.going.dx, dy: this.going.dy } : { dx: 0, dy: 0 };
  }

  /** Dead reckoning: where it is shown `ticks` later, kept within the largest map. */
  after(ticks) {
    const { dx, dy } = this.step();
    const axis = (from, part) => Math.min(Math.max(from + part * ticks, 0), FARTHEST_UNITS);
    return { x: axis(this.position.x, dx), y: axis(this.position.y, dy) };
  }

  /** The same course, as of `ticks` later. */
  later(ticks) {
    return new Course(this.after(ticks), this.facing, this.going);
  }
}
