// What is in reach: loot to pick up, vendors to talk to.

import { h, setShown, setText } from "../dom.js";
import { keyName } from "../settings.js";
import { distanceTo, nameOf } from "./names.js";

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
    const { player, session, own } = this.#game;
    const { rules } = session.content;
    if (!rules || !own || own.isDead) return null;
    let found = null;
    for (const [id, entity] of session.world.entities()) {
      const isVendor = entity.kind === "Vendor";
      if (!isVendor && entity.kind !== "GroundItem" && entity.kind !== "GroundGold") continue;
      const away = distanceTo(player, id);
      if (away > (isVendor ? rules.vendor_range : rules.pick_up_range)) continue;
      if (found === null || away < found.away) found = { id, away, entity, isVendor };
    }
    if (!found) return null;
    const name = nameOf(session, found.entity);
    return { id: found.id, words: found.isVendor ? `Trade with ${name}` : `Pick up ${name}` };
  }
}
