// The player's own frame: name, level, health and resource, and what lies on them.

import { STATUS_FLAGS } from "../../../js/src/index.js";
import { drawPortrait, h, setAttribute, setClass, setText } from "../dom.js";
import { Bar } from "./bar.js";
import { sheetOf } from "./names.js";
import { Statuses } from "./statuses.js";

/** Below this share of health the frame warns. */
const LOW = 0.3;

export class OwnFrame {
  #game;
  #name = h("span.unit-name");
  #level = h("span.unit-level");
  #health = new Bar("health", "Health");
  #resource = new Bar("resource", "Resource");
  #statuses = new Statuses();
  #portrait = h("canvas.unit-portrait", { width: 48, height: 48, "aria-hidden": "true" });
  #sheet = null;

  constructor(game) {
    this.#game = game;
    this.element = h(
      "section.unit.own.frame",
      { "aria-label": "You" },
      h("div.unit-picture", {}, this.#portrait, this.#statuses.element),
      h(
        "div.unit-body",
        {},
        h("div.unit-head", {}, this.#name, this.#level),
        this.#health.element,
        this.#resource.element,
      ),
    );
  }

  update() {
    const { own, session, ownClass, assets } = this.#game;
    if (!own) return;
    const { Health: health, Resource: resource } = own.components;
    setText(this.#name, own.name);
    const level = session.possessions.level || own.components.Appearance?.level;
    setText(this.#level, level ? `Lv ${level}` : "");
    if (health) this.#health.set(health.current, health.max);
    setClass(this.element, "low", health !== undefined && health.current < LOW * health.max);
    setClass(this.element, "fighting", own.hasStatus(STATUS_FLAGS.in_combat));
    const resourceName = ownClass?.resource_name ?? "Resource";
    if (resource) this.#resource.set(resource.current, resource.max, `${resource.current} / ${resource.max} ${resourceName}`);
    this.#resource.label(resourceName);
    if (ownClass) setAttribute(this.#resource.element, "data-kind", ownClass.resource_name.toLowerCase());
    this.#statuses.set(own);
    const sheet = sheetOf(session, assets, own);
    if (sheet === this.#sheet) return;
    this.#sheet = sheet;
    drawPortrait(this.#portrait, assets, sheet);
  }
}
