// The boss that is fought, over everything: its name and its health, which are shown nowhere else then.

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
    const { session, selection } = this.#game;
    selection.boss = this.#find();
    setShown(this.element, selection.boss !== null);
    if (selection.boss === null) return;
    const boss = session.world.entity(selection.boss);
    const { Health: health } = boss.components;
    setText(this.#name, nameOf(session, boss));
    this.#health.set(health.current, health.max);
  }

  /** The boss that the player means, or else one in view that fights; null without one. */
  #find() {
    const { session, selection } = this.#game;
    let fighting = null;
    for (const [id, entity] of session.world.entities()) {
      if (!isBoss(mobOf(session, entity)) || entity.isDead || !entity.components.Health) continue;
      if (id === selection.target) return id;
      if (fighting === null && entity.hasStatus(STATUS_FLAGS.in_combat)) fighting = id;
    }
    return fighting;
  }
}
