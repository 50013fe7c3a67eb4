// Signs for what lies on somebody: rooted, blessed, in a fight.

import { STATUS_FLAGS } from "../../../js/src/index.js";
import { h } from "../dom.js";
import { glyph } from "../glyphs.js";

/** Each flag: its word, and whether it is good or bad. */
const SIGNS = {
  in_combat: ["In combat", "fight"],
  rooted: ["Rooted", "bad"],
  afflicted: ["Afflicted", "bad"],
  buffed: ["Blessed", "good"],
  safe: ["In a safe zone", "good"],
  enraged: ["Enraged", "bad"],
  returning: ["Returning", "plain"],
  connection_lost: ["Connection lost", "plain"],
};

export class Statuses {
  element = h("ul.statuses", { "aria-label": "Effects" });
  #shown = -1;
  #names;

  /** @param {{ leavesOut?: string[] }} [options] `leavesOut` are flags that are not shown. */
  constructor({ leavesOut = [] } = {}) {
    this.#names = Object.keys(SIGNS).filter((name) => !leavesOut.includes(name));
  }

  /** @param {import("../../../js/src/index.js").EntityView} entity */
  set(entity) {
    // The dead do not fight, whatever the server still counts.
    const flags = entity.isDead ? 0 : (entity.components.Status?.flags ?? 0);
    if (flags === this.#shown) return;
    this.#shown = flags;
    const names = this.#names.filter((name) => (flags & STATUS_FLAGS[name]) !== 0);
    this.element.replaceChildren(
      ...names.map((name) => {
        const [word, kind] = SIGNS[name];
        return h(`li.status.${kind}`, { title: word }, glyph(name), h("span.hidden-text", {}, word));
      }),
    );
    this.element.hidden = names.length === 0;
  }
}
