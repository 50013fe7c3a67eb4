// Players of whom one wants to hear nothing.

import { h } from "../dom.js";
import { Window } from "./window.js";

export class Social extends Window {
  #list = h("ul.people", { "aria-label": "Ignored players" });
  #names = [];

  constructor(game) {
    super(game, "social", "Ignored players");
    const name = h("input", {
      type: "text",
      "aria-label": "Name of a player to ignore",
      placeholder: "Name",
      maxLength: 24,
      autocomplete: "off",
    });
    const ignore = (event) => {
      event.preventDefault();
      if (name.value.trim() !== "" && game.ask({ type: "Ignore", name: name.value.trim() }) !== null) name.value = "";
    };
    this.body.append(
      this.#list,
      h("form.row", { onsubmit: ignore, "aria-label": "Ignore" }, name, h("button", { type: "submit" }, "Ignore")),
    );
    this.#show();
  }

  told(message) {
    if (message.type !== "Ignored") return;
    this.#names = message.names;
    this.#show();
  }

  #show() {
    const row = (name) =>
      h(
        "li",
        {},
        h("span.goods-name", {}, name),
        h(
          "button.small",
          {
            type: "button",
            "aria-label": `Unignore ${name}`,
            onclick: () => this.game.ask({ type: "Unignore", name }),
          },
          "Unignore",
        ),
      );
    const none = h("li.quiet", {}, "You are not ignoring anyone.");
    this.#list.replaceChildren(...(this.#names.length > 0 ? this.#names.map(row) : [none]));
  }
}
