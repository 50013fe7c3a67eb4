// A window that stays open while the world goes on.

import { h, newId } from "../dom.js";

/** The frame of a window: a title, a button that closes it, and its content. */
export class Window {
  /**
   * @param {import("../game/game.js").Game} game
   * @param {string} name As `Panels.show` knows it.
   * @param {string} title
   * @param {...Node} content
   */
  constructor(game, name, title, ...content) {
    const id = newId("window");
    this.game = game;
    this.name = name;
    this.title = h("h2.window-title", { id, tabIndex: -1 }, title);
    this.close = h(
      "button.close",
      { type: "button", "aria-label": "Close", onclick: () => game.panels.hide(name) },
      "×",
    );
    this.body = h("div.window-body", {}, ...content);
    const scroll = scrolling(this.body);
    this.element = h(
      `section.window.${name}-window`,
      { role: "dialog", "aria-labelledby": id, onkeydown: (event) => this.#walk(event) },
      h("header.window-head", {}, this.title, this.close),
      scroll,
    );
  }

  /** Puts the keyboard before the first button, not on it: Enter and the space bar are pressed for other things, too. */
  focus() {
    this.title.focus({ preventScroll: true });
  }

  /** Fields keep what is typed; Escape leaves them. */
  #walk(event) {
    if (!event.target.matches("input, select")) return;
    event.stopPropagation();
    if (event.key === "Escape") this.close.focus();
  }
}

/** What scrolls in a window: its lower edge fades for as long as there is more below. */
export function scrolling(content) {
  const end = h("div.scroll-end", { "aria-hidden": "true" });
  const scroll = h("div.window-scroll", {}, content, end);
  const tell = ([{ isIntersecting }]) => scroll.classList.toggle("more", !isIntersecting);
  new IntersectionObserver(tell, { root: scroll }).observe(end);
  return scroll;
}

/** Whether a window takes the whole screen, as the styles have it. */
export function isSmallScreen() {
  return matchMedia("(max-width: 700px), (max-height: 500px)").matches;
}
