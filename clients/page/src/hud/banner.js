// What stands over everything: what is wrong with the connection.

import { h, setShown, setText } from "../dom.js";

/** A world that is silent for so long does not answer: others stand, and nothing that is done has any effect. */
const SILENT_MS = 1_500;

export class Banner {
  element = h("p.banner", { role: "status", hidden: true });
  #game;
  #said = "";

  constructor(game) {
    this.#game = game;
  }

  /** Says something until something else is said; nothing with an empty text. */
  say(text) {
    this.#said = text;
    this.#show(text);
  }

  update(nowMs) {
    const isSilent = this.#game.player.isConnected && nowMs - this.#game.heardMs > SILENT_MS;
    this.#show(this.#said || (isSilent ? "The server is not responding. Waiting…" : ""));
  }

  #show(text) {
    setText(this.element, text);
    setShown(this.element, text !== "");
  }
}
