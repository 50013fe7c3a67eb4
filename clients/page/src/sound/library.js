// The world's sounds, as they have come and been decoded.

const EFFECTS = /^sounds\/(effects|interface|abilities)\//;

/** Loads sounds by their names below `sounds/`, without `.mp3`. */
export class Library {
  #assets;
  #output;
  #buffers = new Map();
  /** The ambience that was loaded last: each is large, and only one is played. */
  #ambience = { name: null, buffer: null };

  /**
   * @param {import("../assets.js").Assets} assets
   * @param {import("./output.js").Output} output It is open.
   */
  constructor(assets, output) {
    [this.#assets, this.#output] = [assets, output];
  }

  /** Loads all that is short. */
  async load() {
    const paths = this.#assets.sounds.filter((path) => EFFECTS.test(path));
    await Promise.all(
      paths.map(async (path) => {
        const buffer = await this.#fetch(path);
        if (buffer) this.#buffers.set(path.slice("sounds/".length, -".mp3".length), buffer);
      }),
    );
  }

  /** A short sound if it is here; null if not. */
  get(name) {
    return this.#buffers.get(name) ?? null;
  }

  /** The name of a map's ambience; null if it has none. */
  ambienceOf(map) {
    return this.#assets.sounds.find((path) => path.startsWith(`sounds/ambience/${map}_`)) ?? null;
  }

  /** A map's ambience, by the name that `ambienceOf` answers. */
  async ambience(path) {
    if (this.#ambience.name !== path) this.#ambience = { name: path, buffer: this.#fetch(path) };
    return this.#ambience.buffer;
  }

  async #fetch(path) {
    try {
      const answer = await fetch(this.#assets.soundUrl(path), { priority: "low" });
      return answer.ok ? await this.#output.decode(await answer.arrayBuffer()) : null;
    } catch {
      // It is not played.
      return null;
    }
  }
}
