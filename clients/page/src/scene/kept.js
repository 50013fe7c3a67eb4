// Pictures that are made when they are first wanted, and let go when nobody has wanted them for a while.

/**
 * Keeps them in two generations: what was wanted since the last turn, and what only before it. A lookup costs no more than that
 * of a map, where a list by last use would be changed by each.
 */
export class Kept {
  #young = new Map();
  #old = new Map();
  #most;
  #canvasOf;

  /**
   * @param {number} [most] In a generation, so twice as many in all: it turns by itself. Without it the owner says when.
   * @param {(picture: any) => HTMLCanvasElement} [canvasOf] What of a picture takes the memory.
   */
  constructor(most = Infinity, canvasOf = (picture) => picture) {
    [this.#most, this.#canvasOf] = [most, canvasOf];
  }

  /** How many were wanted since the last turn. */
  get wanted() {
    return this.#young.size;
  }

  get(key) {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    return old !== undefined && this.#old.delete(key) ? this.set(key, old) : undefined;
  }

  /** Keeps a picture, and answers it. */
  set(key, picture) {
    if (this.#young.size >= this.#most) this.turn();
    this.#young.set(key, picture);
    return picture;
  }

  /** Lets go what nobody has wanted since the last turn. */
  turn() {
    // A canvas without a size has no pixels: they go now, and not when the browser sweeps.
    for (const picture of this.#old.values()) this.#canvasOf(picture).width = 0;
    this.#old.clear();
    [this.#old, this.#young] = [this.#young, this.#old];
  }

  /** Lets go of all. */
  clear() {
    this.turn();
    this.turn();
  }
}
