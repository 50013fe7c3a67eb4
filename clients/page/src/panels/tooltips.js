// A word on what is under the pointer, or has the keyboard.

import { h, newId } from "../dom.js";

const AWAY_PX = 10;

export class Tooltips {
  #element = h("div.tooltip.frame", { role: "tooltip", id: newId("tooltip"), hidden: true });
  #of = null;
  /** What was pressed: it has no tooltip until the pointer has left it. */
  #pressed = null;

  /**
   * Gives an element a tooltip.
   * @param {HTMLElement} element
   * @param {() => Words | null} words Asked each time.
   */
  on(element, words) {
    const show = () => this.#show(element, words());
    // A pointer that rests asks nothing of what appears below it.
    element.addEventListener("pointermove", ({ pointerType, movementX, movementY }) => {
      const hasMoved = pointerType === "mouse" && (movementX !== 0 || movementY !== 0);
      if (hasMoved && this.#of !== element && this.#pressed !== element) show();
    });
    element.addEventListener("pointerleave", () => ((this.#pressed = null), this.hide()));
    element.addEventListener("focus", () => element.matches(":focus-visible") && show());
    element.addEventListener("blur", () => this.hide());
    // A finger that stays.
    element.addEventListener("contextmenu", (event) => (event.preventDefault(), show()));
    element.addEventListener("pointerdown", () => ((this.#pressed = element), this.hide()));
  }

  #show(element, words) {
    if (!words) return this.hide();
    this.#of = element;
    if (!this.#element.isConnected) document.querySelector("main").append(this.#element);
    this.#element.replaceChildren(...tooltipContent(words));
    this.#element.hidden = false;
    this.#place(element.getBoundingClientRect());
  }

  /** Above it if there is room, else below; always on the screen. */
  #place(of) {
    const { width, height } = this.#element.getBoundingClientRect();
    const left = Math.max(4, Math.min(innerWidth - width - 4, of.left + of.width / 2 - width / 2));
    const above = of.top - height - AWAY_PX;
    this.#element.style.left = `${Math.round(left)}px`;
    const top = above > 4 ? above : Math.min(of.bottom + AWAY_PX, innerHeight - height - 4);
    this.#element.style.top = `${Math.round(top)}px`;
  }

  hide() {
    if (this.#of === null) return;
    this.#of = null;
    this.#element.hidden = true;
  }

  close() {
    this.#element.remove();
  }
}

/**
 * What a tooltip says: `rarity` colours its title, `bad` says what stands against it, `compared` how much better or worse it is
 * than something else.
 * @typedef {{ title: string, lines: (string | [string, string])[], rarity?: string, bad?: string | null,
 *   compared?: { title: string, lines: (string | [string, string])[] } | null }} Words
 */

/**
 * A title, sentences, and pairs of what and how much.
 * @param {Words} words
 */
export function tooltipContent({ title, lines, rarity, bad, compared }) {
  const line = (of) => (Array.isArray(of) ? pair(of) : h("p", {}, of));
  const change = (of) => (Array.isArray(of) ? pair(of, of[1].startsWith("+") ? ".better" : ".worse") : line(of));
  return [
    h(`strong.tooltip-title${rarity ? `.${rarity}` : ""}`, {}, title),
    ...lines.map(line),
    ...(bad ? [h("p.bad", {}, bad)] : []),
    ...(compared ? [h("p.compared", {}, compared.title), h("div.changes", {}, ...compared.lines.map(change))] : []),
  ];
}

function pair([what, much], classes = "") {
  return h(`p.pair${classes}`, {}, h("span", {}, what), h("span", {}, much));
}
