// The game menu: settings, back to the characters, log out.

import { h } from "../dom.js";
import { Dialog } from "./dialog.js";

export class GameMenu {
  #dialog;

  /** @param {import("../game/game.js").Game} game */
  constructor(game) {
    const item = (word, does, kind = "") =>
      h(`button.wide${kind}`, { type: "button", onclick: () => (this.#dialog.close(), does()) }, word);
    this.#dialog = new Dialog({
      title: "Menu",
      classes: ".game-menu",
      content: [
        h(
          "div.menu-items",
          {},
          item("Back to the game", () => {}, ".primary"),
          item("Settings", () => game.panels.settingsWindow.open()),
          item("Channels", () => game.panels.show("channels")),
          item("Ignored players", () => game.panels.show("social")),
          item("Other character", () => game.leave("characters")),
          item("Log out", () => game.leave("logout")),
        ),
      ],
    });
  }

  open() {
    this.#dialog.open();
  }

  close() {
    this.#dialog.close();
  }
}
