// The boss that is fought, over everything: its name, its health, and what it casts.

import { STATUS_FLAGS } from "../../../js/src/index.js";
import { h, setShown, setText } from "../dom.js";
import { isBoss } from "../scene/looks.js";
import { Bar } from "./bar.js";
import { mobOf, nameOf } from "./names.js";

export class BossBar {
  #game;
  #name = h("span.boss-name");
  #health = new Bar("health", "Health of the boss");

  constructor(game) {
    this.#game = game;
    this.element = h(
      "section.boss-bar",
      { "aria-label": "Boss", hidden: true },
      h("div.boss-head", {}, this.#name),
      this.#health.element,
    );
  }

  update() {
    const boss = this.#find();
    setShown(this.element, boss !== null);
    if (!boss) return;
    const { Health: health } = boss.components;
    setText(this.#name, nameOf(this.#game.session, boss));
    this.#health.set(health.current, health.max);
  }

  /** A boss in view that fights, or that the player means; null without one. */
  #find() {
    const { session, selection } = this.#game;
    for (const [id, entity] of session.world.entities()) {
      if (!isBoss(mobOf(session, entity)) || entity.isDead || !entity.components.Health) continue;
      if (id === selection.target || entity.hasStatus(STATUS_FLAGS.in_combat)) return entity;
    }
    return null;
  }
}
