// How fast a client ticks, so that the server always has a few of its commands waiting, and never many.
//
// How many are enough depends on the line. Each tick for which the server had none raises the target, since the next packet that
// is late will be as late as this one (over TCP: whatever waits behind a lost segment); a calm line lowers it again.

/** Commands that should wait at the server on a good line: enough for a little jitter, few enough for little delay. */
const LEAST_TARGET = 2;
/** The same on the worst line. More would take commands farther back than the server looks for what their players saw (250 ms). */
const MOST_TARGET = 4;
/** Ticks without a gap after which one command fewer is enough. */
const CALM_TICKS = 120;
/** Weight of a new sample in the moving average. */
const WEIGHT = 0.1;
/** Relative change of the tick length for each command above or below the target. */
const GAIN = 0.03;
/** Maximum relative difference to the server's tick length. */
const MOST = 0.1;
/** Tick rate until the server has told its own. */
const DEFAULT_TICK_HZ = 30;

/** @typedef {import("./snapshot.js").Head} Head */

/** The length of client ticks. */
export class Pace {
  #tickHz;
  #buffered = LEAST_TARGET;
  #target = LEAST_TARGET;
  /** Ticks since the server last had no command. */
  #calmTicks = 0;
  /** @type {Head | null} */
  #newest = null;

  /** @param {number} [tickHz] The server's ticks per second. */
  constructor(tickHz = DEFAULT_TICK_HZ) {
    this.#tickHz = Math.max(tickHz, 1);
  }

  /**
   * Takes what a new snapshot says of the commands: how many wait at the server, and whether it has had one for each tick since
   * the snapshot before.
   * @param {Head} head
   */
  observe(head) {
    this.#buffered += (head.buffered_commands - this.#buffered) * WEIGHT;
    const before = this.#newest;
    this.#newest = head;
    // Before the first command the server waits for nothing.
    if (!before || before.last_command === 0) return;
    const passed = Math.max(head.tick - before.tick, 0);
    this.#adapt(passed, Math.max(head.last_command - before.last_command, 0));
  }

  /** How long the next tick should be, in milliseconds. */
  get intervalMs() {
    const stretch = Math.min(Math.max((this.#buffered - this.#target) * GAIN, -MOST), MOST);
    return ((1 + stretch) * 1000) / this.#tickHz;
  }

  /** So many ticks have passed, in which so many commands were applied. */
  #adapt(passed, applied) {
    const without = passed - applied;
    if (without > 0) {
      this.#target = Math.min(this.#target + without, MOST_TARGET);
      this.#calmTicks = 0;
      return;
    }
    this.#calmTicks += passed;
    if (this.#calmTicks >= CALM_TICKS) {
      this.#target = Math.max(this.#target - 1, LEAST_TARGET);
      this.#calmTicks = 0;
    }
  }
}
