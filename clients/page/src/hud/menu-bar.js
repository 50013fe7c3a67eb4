// Buttons for the windows.

import { h, setClass, setText } from "../dom.js";
import { glyph } from "../glyphs.js";
import { keyName } from "../settings.js";

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
    game.settings.addEventListener("change", () => this.#showKeys(), { signal: game.signal });
    this.#showKeys();
  }

  #showKeys() {
    const keys = this.#game.settings.get("keys");
    for (const { name, key } of this.#buttons) setText(key, name === "menu" ? "Esc" : keyName(keys[name] ?? ""));
  }

  update() {
    const { possessions } = this.#game.session;
    setText(this.#gold, `${possessions.gold.toLocaleString("en")} gold`);
    for (const { name, button } of this.#buttons) setClass(button, "on", this.#game.panels.isOpen(name));
    setClass(this.#buttons[0].button, "full", possessions.isTold && possessions.isBagFull);
  }
}
