// What is in reach: loot to pick up, vendors to talk to.

import { nearestUse } from "../controls/targets.js";
import { h, setShown, setText } from "../dom.js";
import { keyName } from "../settings.js";
import { nameOf } from "./names.js";

export class Reach {
  #game;
  #key = h("kbd.key");
  #text = h("span");
  #nearest = null;

  constructor(game) {
    this.#game = game;
    this.element = h(
      "button.reach",
      {
        type: "button",
        hidden: true,
        onclick: () => game.interact(this.#nearest),
        onpointerdown: (event) => event.preventDefault(),
      },
      this.#key,
      this.#text,
    );
  }

  update() {
    const found = this.#find();
    this.#nearest = found?.id ?? null;
    setShown(this.element, found !== null);
    if (!found) return;
    setText(this.#key, keyName(this.#game.settings.get("keys").interact));
    setText(this.#text, found.words);
  }

  #find() {
    const { player, session, own, panels } = this.#game;
    if (!own || own.isDead || panels.isAnyOpen) return null;
    const id = nearestUse(player, session.content.rules);
    const entity = id === null ? null : session.world.entity(id);
    if (!entity) return null;
    const name = nameOf(session, entity);
    return { id, words: entity.kind === "Vendor" ? `Trade with ${name}` : `Pick up ${name}` };
  }
}
