// Buttons for the windows.

import { FIRST_WORN_SLOT } from "../../../js/src/index.js";
import { h, setClass, setShown, setText } from "../dom.js";
import { glyph } from "../glyphs.js";
import { keyName } from "../settings.js";
import { isBetter } from "../words/items.js";

const BUTTONS = [
  ["bag", "Bag"],
  ["character", "Character"],
  ["party", "Party"],
  ["map", "Map"],
  ["menu", "Menu"],
];

export class MenuBar {
  #game;
  #gold = h("span.gold-text");
  #buttons;
  /** How many items of the bag are new and better than what is worn. */
  #badge = h("span.badge", { hidden: true });
  #badgeWord = h("span.hidden-text");
  /** The items that were in the bag when it was last open; null before the server has sent them. */
  #seen = null;

  constructor(game) {
    this.#game = game;
    this.#buttons = BUTTONS.map(([name, word]) => {
      const key = h("kbd.key", { "aria-hidden": "true" });
      const button = h(
        `button.menu-button.${name}`,
        {
          type: "button",
          title: word,
          onclick: () => game.panels.toggle(name),
          onpointerdown: (event) => event.preventDefault(),
        },
        glyph(name),
        key,
        h("span.hidden-text", {}, word),
      );
      return { name, button, key };
    });
    this.element = h(
      "nav.menu-bar",
      { "aria-label": "Windows" },
      h("p.gold", { title: "Your gold" }, glyph("coin"), this.#gold),
      h("div.row", {}, ...this.#buttons.map(({ button }) => button)),
    );
    this.#buttons[0].button.append(this.#badge, this.#badgeWord);
    game.settings.addEventListener("change", () => this.#showKeys(), { signal: game.signal });
    this.#showKeys();
  }

  /** Counts what came into the bag since it was open last, and is better than what is worn. */
  #newAndBetter() {
    const { possessions } = this.#game.session;
    if (!possessions.isTold) return 0;
    if (this.#seen === null || this.#game.panels.isOpen("bag")) this.#seen = new Set(possessions.items.keys());
    const news = [...possessions.items.values()].filter(({ item, slot }) => slot < FIRST_WORN_SLOT && !this.#seen.has(item));
    return news.filter(({ definition }) => isBetter(definition, this.#game)).length;
  }

  #showKeys() {
    const keys = this.#game.settings.get("keys");
    for (const { name, key } of this.#buttons) setText(key, name === "menu" ? "Esc" : keyName(keys[name] ?? ""));
  }

  update() {
    const { possessions } = this.#game.session;
    setText(this.#gold, `${possessions.gold.toLocaleString("en")} gold`);
    for (const { name, button } of this.#buttons) setClass(button, "on", this.#game.panels.isOpen(name));
    const better = this.#newAndBetter();
    setShown(this.#badge, better > 0);
    setText(this.#badge, String(better));
    setText(this.#badgeWord, better > 0 ? `, ${better} new and better than your equipment` : "");
    setClass(this.#buttons[0].button, "full", possessions.isTold && possessions.isBagFull);
  }
}
