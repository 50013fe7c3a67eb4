// Where another entity is shown at a tick and its fraction, from the courses that the server has sent.

/** Number of courses that are kept: more than there are in the longest delay. */
const MAX_COURSES = 16;
/** A course that ended so many ticks before the newest is forgotten: nobody is shown as late as that. */
const KEPT_TICKS = 128;
/** The last ticks before a course in which an entity is led over to it from the course before. */
const BLEND_TICKS = 3;
/** Distance in units from which an entity has not walked but jumped. */
export const JUMP_UNITS = 3 * 1024;

/** The newest courses of an entity. */
export class Track {
  #courses = [];

  /**
   * Takes the course that a snapshot of this tick has sent. Answers whether it is new.
   * @param {number} toldAt
   * @param {import("../movement/course.js").Course} course
   */
  push(toldAt, course) {
    const last = this.#courses.at(-1);
    if (last && last.toldAt >= toldAt) return false;
    while (this.#courses.length === MAX_COURSES || this.#courses[1]?.toldAt <= toldAt - KEPT_TICKS) this.#courses.shift();
    this.#courses.push({ toldAt, course });
    return true;
  }

  /**
   * Where it is shown at a tick: on the way between two courses by interpolation, after the newest by dead reckoning. Null
   * without a course.
   * @param {number} tick
   * @returns {{ x: number, y: number } | null}
   */
  at(tick) {
    if (this.#courses.length === 0) return null;
    const after = this.#courses.findIndex(({ toldAt }) => toldAt > tick);
    const index = Math.max((after < 0 ? this.#courses.length : after) - 1, 0);
    const { toldAt, course } = this.#courses[index];
    const here = reckoned(course, tick - toldAt);
    const next = this.#courses[index + 1];
    if (!next) return here;
    const [between, left] = [next.toldAt - toldAt, next.toldAt - tick];
    const there = reckoned(course, between);
    const [dx, dy] = [next.course.position.x - there.x, next.course.position.y - there.y];
    const blend = Math.min(between, BLEND_TICKS);
    if (left >= blend || Math.max(Math.abs(dx), Math.abs(dy)) > JUMP_UNITS) return here;
    const share = 1 - left / blend;
    return { x: here.x + dx * share, y: here.y + dy * share };
  }
}

/** Dead reckoning with a fraction of a tick. Before its course, an entity is where the course begins. */
function reckoned(course, wholeAndFraction) {
  const ticks = Math.max(wholeAndFraction, 0);
  const { dx, dy } = course.step();
  const axis = (from, step) => Math.max(from + step * ticks, 0);
  return { x: axis(course.position.x, dx), y: axis(course.position.y, dy) };
}
