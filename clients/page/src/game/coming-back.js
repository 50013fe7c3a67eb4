// Coming back into the world by itself, when one that has gone is there again.

import { entryWords } from "../words/errors.js";
import { goodbye } from "../words/refusals.js";

/** Goodbyes of a world that will be there again: nobody need wait for it at the keyboard. */
const RETURNING = ["ServerClosing", "ChannelFailed", "StoreAway"];
/** After these, the log-in is over. */
const ENDED = ["Replaced", "Logout"];
/** Pause between two looks whether it is, and for how long it is looked. */
const LOOK_EVERY_MS = 2_000;
const LOOK_FOR_MS = 600_000;
/** A party that is not told of for so long after coming back is over. */
const PARTY_WITHIN_MS = 5_000;

/** The way back of a game, into another game that takes its place. */
export class ComingBack {
  #game;
  #enter;
  #end;

  /**
   * @param {import("./game.js").Game} game
   * @param {{ enter: () => Promise<import("./game.js").Game>, end: (words: object) => void }} ways `end` says why there
   *   is no way back.
   */
  constructor(game, { enter, end }) {
    [this.#game, this.#enter, this.#end] = [game, enter, end];
  }

  /** The server has sent the player away. */
  left(reason) {
    if (RETURNING.includes(reason)) this.#awaitWorld(reason);
    else this.#end({ ...goodbye(reason), help: ENDED.includes(reason) ? "login" : "retry" });
  }

  /** Comes back as soon as the world is there again. Meanwhile the last picture stays, and what is typed. */
  async #awaitWorld(reason) {
    const { title, text } = goodbye(reason);
    this.#game.hud.banner.say(`${title}. ${text} Keep this page open: it reconnects by itself.`);
    const endMs = performance.now() + LOOK_FOR_MS;
    while (!this.#game.isOver) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      if (this.#game.isOver) return;
      try {
        await this.#again();
      } catch (error) {
        const words = entryWords(error);
        if (words.help !== "retry" || performance.now() > endMs) return this.#end(words);
      }
    }
  }

  async #again() {
    const [game, another] = [this.#game, await this.#enter()];
    // The player has left meanwhile.
    if (game.isOver) return another.close();
    const { typed, hasFocus } = game.hud.chat;
    game.close();
    // One that is over already has said so.
    if (another.isOver) return;
    game.element.replaceWith(another.element);
    another.hud.chat.typed = typed;
    if (hasFocus) another.hud.chat.focus();
    if (game.session.party.members.length > 0) setTimeout(() => sayIfAlone(another), PARTY_WITHIN_MS);
  }
}

function sayIfAlone(game) {
  if (game.isOver || game.session.party.members.length > 0) return;
  game.log("The server restarted, so your party has ended. Invite its members again.");
}
