// Who is the target: name, level, health, what it casts, and what lies on it.

import { drawPortrait, h, setAttribute, setClass, setShown, setText } from "../dom.js";
import { isBoss } from "../scene/looks.js";
import { Bar, CastBar } from "./bar.js";
import { mobOf, nameOf, sheetOf } from "./names.js";
import { Statuses } from "./statuses.js";

export class TargetFrame {
  #game;
  #name = h("span.unit-name");
  #level = h("span.unit-level");
  #health = new Bar("health", "Health of the target");
  #cast = new CastBar();
  /** That who is fought fights goes without saying. */
  #statuses = new Statuses({ leavesOut: ["in_combat"] });
  #portrait = h("canvas.unit-portrait", { width: 48, height: 48, "aria-hidden": "true" });
  #sheet = null;
  #menu;
  #close;

  constructor(game) {
    this.#game = game;
    this.#menu = h(
      "button.tiny",
      {
        type: "button",
        "aria-label": "Actions for this player",
        "aria-haspopup": "menu",
        onclick: (event) => this.#openMenu(event),
      },
      "⋯",
    );
    this.#close = h(
      "button.tiny",
      { type: "button", "aria-label": "Clear the target", onclick: () => (game.selection.target = null) },
      "×",
    );
    this.element = h(
      "section.unit.target.frame",
      { "aria-label": "Target", hidden: true, oncontextmenu: (event) => this.#openMenu(event) },
      h("div.unit-picture", {}, this.#portrait, this.#statuses.element),
      h(
        "div.unit-body",
        {},
        h("div.unit-head", {}, this.#name, this.#level, this.#menu, this.#close),
        this.#health.element,
        this.#cast.element,
      ),
    );
  }

  get #entity() {
    const { session, selection } = this.#game;
    return selection.target === null ? null : session.world.entity(selection.target);
  }

  #openMenu(event) {
    event.preventDefault();
    if (this.#entity?.kind !== "Player") return;
    const box = this.element.getBoundingClientRect();
    this.#game.panels.playerMenu({ entity: this.#game.selection.target, clientX: box.left + 40, clientY: box.bottom });
  }

  update() {
    const entity = this.#entity;
    setShown(this.element, entity !== null && entity !== undefined);
    if (!entity) return;
    const { session, assets, selection } = this.#game;
    const { Health: health, Appearance: appearance } = entity.components;
    setText(this.#name, nameOf(session, entity));
    // Of one who is over everything it goes without saying, and its name is long.
    const isOfBoss = isBoss(mobOf(session, entity));
    setText(this.#level, selection.target === selection.boss ? "" : isOfBoss ? "Boss" : appearance?.level ? `Lv ${appearance.level}` : "");
    setClass(this.#level, "boss", isOfBoss);
    setAttribute(this.element, "data-kind", entity.kind ?? "");
    setClass(this.element, "dead", entity.isDead);
    setShown(this.#menu, entity.kind === "Player" && selection.target !== session.welcome.entity);
    // A boss's is over everything.
    setShown(this.#health.element, health !== undefined && selection.target !== selection.boss);
    if (health) this.#health.set(health.current, health.max, entity.isDead ? "Dead" : undefined);
    this.#statuses.set(entity);
    this.#showLook(sheetOf(session, assets, entity));
  }

  #showLook(sheet) {
    if (sheet === this.#sheet) return;
    this.#sheet = sheet;
    drawPortrait(this.#portrait, this.#game.assets, sheet);
  }

  /** In each frame: a cast bar that jumps is hard to read. */
  frame() {
    const casting = this.#entity?.components.Casting;
    if (!casting) return this.#cast.set(null);
    const { session, player } = this.#game;
    const ability = session.content.ability(casting.ability);
    const ticks = ((ability?.cast_ms ?? 1000) * session.welcome.tick_hz) / 1000;
    const share = 1 - (casting.until_tick - player.display.tick) / ticks;
    this.#cast.set({ name: ability?.name ?? "Casting", share });
  }
}
