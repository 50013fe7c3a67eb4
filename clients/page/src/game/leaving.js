// Leaving the world: the server saves first, and lets nobody leave a fight at once.

import { h, setText } from "../dom.js";
import { Dialog } from "../panels/dialog.js";

/** Shows that the player leaves, and how long that takes. */
export class Leaving {
  #game;
  #dialog = null;
  #text = h("p", { role: "status" }, "Saving…");
  #untilMs = null;
  #timer = null;
  /** Answers the wait at once: the body stays behind. */
  #goNow = () => {};

  constructor(game) {
    this.#game = game;
  }

  /** Whether the player leaves, or has left. */
  get isUnderWay() {
    return this.#dialog !== null;
  }

  /** Leaves. Answers whether the player is outside. */
  async leave() {
    const now = h("button", { type: "button", onclick: () => this.#goNow() }, "Leave now");
    this.#dialog = new Dialog({
      title: "Leaving the world",
      content: [
        this.#text,
        h("p.quiet", {}, "If you leave now, your character stays in the world for some time and can be attacked."),
        h("div.buttons", {}, now),
      ],
    });
    this.#dialog.open();
    this.#timer = setInterval(() => this.#count(), 250);
    const goneAtOnce = new Promise((resolve) => (this.#goNow = resolve));
    await Promise.race([this.#game.player.logOut().catch(() => {}), goneAtOnce]);
    this.close();
    return true;
  }

  /** The message `LeavingIn`. */
  told({ ms }) {
    this.#untilMs = performance.now() + ms;
    this.#count();
  }

  #count() {
    if (this.#untilMs === null) return;
    const seconds = Math.max(0, Math.ceil((this.#untilMs - performance.now()) / 1000));
    setText(
      this.#text,
      seconds > 0 ? `You are in combat. You leave in ${seconds} s if nothing more happens.` : "Saving…",
    );
  }

  close() {
    clearInterval(this.#timer);
    this.#dialog?.close();
  }
}
