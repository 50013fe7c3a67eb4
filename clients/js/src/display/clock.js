// Which tick of the server a screen shows: its present, as far as that can be told from when snapshots come; on a bad line
// somewhat earlier, so that little has to be guessed.

/** Number of snapshots by which the line is judged: about two seconds of them. */
const SAMPLES = 64;
/** Number of the newest of them that say when a tick begins: few, so that a server that stumbles is soon followed. */
const PROMPT_SAMPLES = 24;
/** Share of the latest snapshots that no time is kept for: one in so many. Over TCP, one lost segment holds up those after it. */
const RARE = 4;
/** Maximum change of speed while the clock is set, relative to the server's: too little for an eye to see. */
const MAX_STRETCH = 0.1;
/** Change of speed for each tick that the clock is wrong. */
const GAIN = 0.1;
/** A clock that is wrong by more ticks than this is set at once. */
const JUMP_TICKS = 15;

/** The tick that a screen shows, with its fraction. Times are milliseconds of any clock that never goes back. */
export class DisplayClock {
  #tickMs;
  #extrapolationMs;
  /** When each of the newest snapshots came, less the time from tick 0 to its tick. */
  #arrivals = [];
  #roundTripsMs = [];
  /** The arrival of a snapshot that was not late. */
  #promptMs = 0;
  /** How late snapshots come, but for rare ones. */
  #jitterMs = 0;
  #halfRoundTripMs = 0;
  /** The tick shown, and when. */
  #shown = null;

  /**
   * @param {number} tickHz The server's ticks per second.
   * @param {number} extrapolationMs How far beyond the newest snapshot others are shown before the clock rather stays
   *   behind.
   */
  constructor(tickHz, extrapolationMs) {
    this.#tickMs = 1000 / Math.max(tickHz, 1);
    this.#extrapolationMs = extrapolationMs;
  }

  /** Milliseconds of a tick. */
  get tickMs() {
    return this.#tickMs;
  }

  /** How late the last 64 snapshots came in milliseconds, against the most prompt of the last 24, but for rare ones. */
  get jitterMs() {
    return this.#jitterMs;
  }

  /** Milliseconds to the server and back. */
  get roundTripMs() {
    return 2 * this.#halfRoundTripMs;
  }

  /** How far behind the server's present others are shown, in milliseconds. */
  get delayMs() {
    return Math.max(this.#halfRoundTripMs + this.#jitterMs + this.#tickMs - this.#extrapolationMs, 0);
  }

  /** Takes the arrival of a snapshot of the end of this tick. */
  observe(tick, nowMs) {
    push(this.#arrivals, nowMs - tick * this.#tickMs);
    const sorted = Float64Array.from(this.#arrivals).sort();
    this.#promptMs = Math.min(...this.#arrivals.slice(-PROMPT_SAMPLES));
    this.#jitterMs = Math.max(sorted[sorted.length - 1 - Math.floor(sorted.length / RARE)] - this.#promptMs, 0);
  }

  /** Takes a measured round trip: milliseconds from issuing a command to its answer, less its wait at the server. */
  observeRoundTrip(ms) {
    push(this.#roundTripsMs, Math.max(ms, 0));
    this.#halfRoundTripMs = Math.min(...this.#roundTripsMs) / 2;
  }

  /** The estimated current tick of the server; 0 before the first snapshot. */
  present(nowMs) {
    if (this.#arrivals.length === 0) return 0;
    return (nowMs - this.#promptMs + this.#halfRoundTripMs) / this.#tickMs;
  }

  /** The tick to show now. It never goes back but by a jump, and otherwise runs at nearly the server's speed. */
  advance(nowMs) {
    const wanted = this.present(nowMs) - this.delayMs / this.#tickMs;
    const isNear = this.#shown !== null && Math.abs(wanted - this.#shown.tick) <= JUMP_TICKS;
    const tick = isNear ? this.#nearer(wanted, nowMs) : wanted;
    this.#shown = { tick, atMs: nowMs };
    return tick;
  }

  #nearer(wanted, nowMs) {
    const { tick, atMs } = this.#shown;
    const passed = Math.max((nowMs - atMs) / this.#tickMs, 0);
    const wrongBy = wanted - (tick + passed);
    return tick + passed * (1 + Math.min(Math.max(wrongBy * GAIN, -MAX_STRETCH), MAX_STRETCH));
  }
}

function push(samples, sample) {
  if (samples.length === SAMPLES) samples.shift();
  samples.push(sample);
}
