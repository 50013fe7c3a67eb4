// How long frames take.

const FRAMES = 300;

/** The times of the last frames. */
export class FrameStats {
  #times = new Float64Array(FRAMES);
  #sorted = new Float64Array(FRAMES);
  #count = 0;

  add(ms) {
    this.#times[this.#count % FRAMES] = ms;
    this.#count += 1;
  }

  /** Half and 95 % of the frames took at most so many milliseconds. */
  read() {
    const kept = Math.min(this.#count, FRAMES);
    if (kept === 0) return { p50: 0, p95: 0, frames: 0 };
    this.#sorted.set(this.#times);
    const sorted = this.#sorted.subarray(0, kept).sort();
    const at = (share) => sorted[Math.min(Math.floor(share * kept), kept - 1)];
    return { p50: at(0.5), p95: at(0.95), frames: this.#count };
  }
}
