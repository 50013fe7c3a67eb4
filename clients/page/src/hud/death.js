// What somebody sees who is dead.

import { h, setShown, setText } from "../dom.js";
import { inSentence, sentence } from "./names.js";

/** Whoever hits keys in the last moment of a fight does not press the button with them. */
const BUTTON_AFTER_MS = 900;

export class Death {
  #game;
  #by = h("p");
  #button;
  #sinceMs = null;

  constructor(game) {
    this.#game = game;
    this.#button = h(
      "button.primary",
      { type: "button", onclick: () => game.ask({ type: "Respawn" }) },
      "Return to the safe zone",
    );
    this.element = h(
      "section.death",
      { hidden: true, "aria-label": "You are dead" },
      h("h2", {}, "You have fallen"),
      this.#by,
      this.#button,
      h("p.quiet", {}, "You keep everything you own. Your health recovers in the safe zone."),
    );
  }

  told(message) {
    if (message.type !== "Died") return;
    const { session } = this.#game;
    const killer = message.by === null ? "" : sentence(inSentence(session, session.world.entity(message.by)));
    setText(this.#by, killer ? `${killer} killed you.` : "You have died.");
    this.#game.log(killer ? `${killer} killed you.` : "You have died.", "bad");
  }

  update(nowMs) {
    const { own } = this.#game;
    if (!own) return;
    if (!own.isDead) {
      this.#sinceMs = null;
      setShown(this.element, false);
      return;
    }
    if (this.#sinceMs === null) this.#begin(nowMs);
    const downMs = nowMs - this.#sinceMs;
    if (downMs > BUTTON_AFTER_MS) this.#button.disabled = false;
    // Also when a window that was opened meanwhile has been closed.
    const isFree = document.activeElement === document.body || document.activeElement === this.#game.canvas;
    if (!this.#button.disabled && isFree) this.#button.focus();
  }

  #begin(nowMs) {
    this.#sinceMs = nowMs;
    this.#button.disabled = true;
    setShown(this.element, true);
  }
}
