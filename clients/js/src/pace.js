// How fast a client ticks, so that the server always has a few of its commands waiting, and never many.

/** Number of commands that should wait at the server: enough for a little jitter, few enough for little delay. */
const AIM = 2;
/** Weight of a new sample in the moving average. */
const WEIGHT = 0.1;
/** Relative change of the tick length for each command above or below the aim. */
const GAIN = 0.03;
/** Maximum relative difference to the server's tick length. */
const MOST = 0.1;
/** Tick rate until the server has told its own. */
const DEFAULT_TICK_HZ = 30;

/** The length of client ticks. */
export class Pace {
  #tickHz;
  #buffered = AIM;

  /** @param {number} [tickHz] The server's ticks per second. */
  constructor(tickHz = DEFAULT_TICK_HZ) {
    this.#tickHz = Math.max(tickHz, 1);
  }

  /** Takes a new sample of the number of commands that wait at the server. */
  observe(bufferedCommands) {
    this.#buffered += (bufferedCommands - this.#buffered) * WEIGHT;
  }

  /** How long the next tick should be, in milliseconds. */
  get intervalMs() {
    const stretch = Math.min(Math.max((this.#buffered - AIM) * GAIN, -MOST), MOST);
    return ((1 + stretch) * 1000) / this.#tickHz;
  }
}
