// The game menu: settings, back to the characters, log out.

import { h, setText } from "../dom.js";
import { emailForm, sendsMails } from "../accounts/email.js";
import { hasFullScreen, isFullScreen, switchFullScreen } from "../full-screen.js";
import { Dialog } from "./dialog.js";

function openEmail({ account }) {
  const form = emailForm(account);
  new Dialog({ title: "E-mail address", content: [form.element], hasClose: true }).open();
}

export class GameMenu {
  #dialog;
  #fullScreen;

  /** @param {import("../game/game.js").Game} game */
  constructor(game) {
    const item = (word, does, kind = "") =>
      h(`button.wide${kind}`, { type: "button", onclick: () => (this.#dialog.close(), does()) }, word);
    this.#fullScreen = item("Full screen", switchFullScreen);
    this.#dialog = new Dialog({
      title: "Menu",
      classes: ".game-menu",
      content: [
        h(
          "div.menu-items",
          {},
          item("Back to the game", () => {}, ".primary"),
          item("Settings", () => game.panels.settingsWindow.open()),
          hasFullScreen() && this.#fullScreen,
          item("Channels", () => game.panels.show("channels")),
          item("Ignored players", () => game.panels.show("social")),
          sendsMails() && !game.account.logIn.isGuest && item("E-mail address", () => openEmail(game)),
          item("Switch character", () => game.leave("characters")),
          item("Log out", () => game.leave("logout")),
        ),
      ],
    });
  }

  open() {
    setText(this.#fullScreen, isFullScreen() ? "Leave full screen" : "Full screen");
    this.#dialog.open();
  }

  close() {
    this.#dialog.close();
  }
}
