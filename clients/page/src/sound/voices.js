// Which sounds are played at once, and which gives way to another. No browser.

/** More are never played at once. */
export const MOST_VOICES = 8;
/** The same sound is not played again before this has passed: many at once are only louder. */
const AGAIN_MS = 70;

/** The sounds that are played now. A voice says how much it matters: what it weighs. `stays` says that it gives way to none. */
export class Voices {
  /** The oldest first. */
  #all = [];
  #most;

  constructor(most = MOST_VOICES) {
    this.#most = most;
  }

  get count() {
    return this.#all.length;
  }

  /**
   * Whether there is room for another that weighs so much. Where there is none, the lightest gives way, the oldest of several.
   * @param {number} weight
   * @returns {{ hasRoom: boolean, ends: any }} `ends` is the voice that gives way: the caller stops it.
   */
  room(weight) {
    if (this.#all.length < this.#most) return { hasRoom: true, ends: null };
    let lightest = null;
    for (const voice of this.#all) if (!voice.stays && (!lightest || voice.weight < lightest.weight)) lightest = voice;
    if (!lightest || lightest.weight > weight) return { hasRoom: false, ends: null };
    this.remove(lightest);
    return { hasRoom: true, ends: lightest };
  }

  add(voice) {
    this.#all.push(voice);
  }

  remove(voice) {
    this.#all = this.#all.filter((other) => other !== voice);
  }

  /** Forgets those that do not stay, and answers them. */
  takeAll() {
    const ended = this.#all.filter(({ stays }) => !stays);
    this.#all = this.#all.filter(({ stays }) => stays);
    return ended;
  }
}

/** Notes when each sound was played. */
export class Repeats {
  #playedMs = new Map();

  /** Whether a sound was played a moment ago. If not, it counts as played now. */
  isTooSoon(name, nowMs) {
    if (nowMs - (this.#playedMs.get(name) ?? -Infinity) < AGAIN_MS) return true;
    this.#playedMs.set(name, nowMs);
    return false;
  }
}
