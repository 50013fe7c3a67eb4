// Short words over the world, which go by themselves.

import { h } from "../dom.js";

const STAYS_MS = 3_200;
/** More than these at once are a wall. */
const MOST = 4;

export class Toasts {
  element = h("div.toasts", { role: "status", "aria-live": "polite" });
  /** Who goes first comes first. */
  #toasts = [];

  /** The same words again only stay longer. */
  add(text, kind) {
    const untilMs = performance.now() + STAYS_MS;
    const at = this.#toasts.findIndex((toast) => toast.text === text);
    if (at >= 0) {
      const [same] = this.#toasts.splice(at, 1);
      this.#toasts.push({ ...same, untilMs });
      return;
    }
    const element = h(`p.toast.${kind}`, {}, text);
    this.#toasts.push({ text, untilMs, element });
    this.element.append(element);
    if (this.#toasts.length > MOST) this.#toasts.shift().element.remove();
  }

  update(nowMs) {
    while (this.#toasts.length > 0 && this.#toasts[0].untilMs < nowMs) this.#toasts.shift().element.remove();
  }
}
