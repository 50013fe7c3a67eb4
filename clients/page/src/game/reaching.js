// Using what has just come into reach. The server sees a walking player a moment behind, and may find it too far away at first.

const AGAIN_AFTER_MS = 200;
/** Whoever is still too far away after so many tries is told so. */
const TRIES = 4;

/** Requests that only somebody near may make: picking up, asking a vendor. */
export class Reaching {
  #game;
  /** The newest one, its id, and how often it may still be made again. */
  #asked = null;

  constructor(game) {
    this.#game = game;
  }

  ask(message) {
    this.#ask(message, TRIES);
  }

  #ask(message, tries) {
    this.#asked = { message, id: this.#game.ask(message), tries: tries - 1 };
  }

  /** Hears of a refusal. Answers whether it is being asked again, so that nobody need be told. */
  refused({ reason, answers }) {
    const asked = this.#asked;
    const isIt = answers.type === "Message" && asked !== null && answers.id === asked.id;
    if (!isIt || reason !== "OutOfRange" || asked.tries === 0) return false;
    setTimeout(() => {
      // Something else may be wanted by now.
      if (asked === this.#asked && !this.#game.isOver) this.#ask(asked.message, asked.tries);
    }, AGAIN_AFTER_MS);
    return true;
  }
}
