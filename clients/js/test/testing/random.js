// Chance that is the same in every run.

/** Numbers from a seed (mulberry32). */
export class Random {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to `end - 1`. */
  below(end) {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % end;
  }

  /** Whether something happens that does so once in so many times. */
  once(inSoMany) {
    return this.below(inSoMany) === 0;
  }

  /** So many bytes. */
  bytes(count) {
    return Uint8Array.from({ length: count }, () => this.below(256));
  }
}
