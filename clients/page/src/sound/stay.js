// The sounds of one stay in the world.

import { HERE, placeOf } from "./place.js";
import { Messages, cueOf } from "./score.js";

/** Pixels of the world from one sound of a step to the next. */
const STEP_PX = 44;
/** Steps are a little higher and lower in turn. */
const STEP_RATES = [0.95, 1.06];

export class Stay {
  #sound;
  #game;
  #messages = new Messages();
  #steps = 0;

  /**
   * @param {import("./sound.js").Sound} sound
   * @param {import("../game/game.js").Game} game
   */
  constructor(sound, game) {
    [this.#sound, this.#game] = [sound, game];
  }

  /** A frame was drawn. */
  frame() {
    const { scene, session, assets } = this.#game;
    if (!scene.hasShownOwn) return;
    this.#sound.load(assets);
    if (session.welcome) this.#sound.follow(session.welcome.map);
    this.#walk(scene.own);
  }

  #walk(own) {
    const steps = own ? Math.floor(own.walkedPx / STEP_PX) : 0;
    if (steps === this.#steps) return;
    // A character that is carried elsewhere does not walk there.
    const isStep = steps === this.#steps + 1;
    this.#steps = steps;
    if (isStep) this.#sound.playAt(cueOf("stepped"), HERE, STEP_RATES[steps % STEP_RATES.length]);
  }

  /**
   * Something happens in the world.
   * @param {string} what As `cueOf` knows it.
   * @param {{ x: number, y: number, isOwn?: boolean }} at Pixels of the world.
   * @param {import("../../../js/src/index.js").AbilityInfo | null} [ability]
   */
  happened(what, at, ability = null) {
    const { own } = this.#game.scene;
    if (!own || !this.#sound.isAudible) return;
    const place = at.isOwn ? HERE : placeOf(at.x - own.x, at.y - own.y);
    if (place) this.#sound.playAt(cueOf(what, { ability, isOwn: at.isOwn }), place);
  }

  /** A message of the server was received. */
  received(message) {
    const name = this.#messages.read(message);
    if (name) this.#sound.play(name);
  }

  /** Plays one of `OWN_CUES`. */
  play(name) {
    this.#sound.play(name);
  }

  /** The stay is over. */
  end() {
    this.#sound.follow(null);
  }
}
