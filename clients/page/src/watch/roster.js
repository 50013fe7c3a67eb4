// Who is in view: a list to follow somebody from, by the keyboard too.

import { h, setAttribute, setText } from "../dom.js";
import { nameOf } from "../hud/names.js";

/** Players first, then everything else that has a name, each by name. */
const RANKS = { Player: 0, Mob: 1, Vendor: 2 };

/** The list of who is in view. Rows stay while those are there whom they name, so that the focus stays. */
export class Roster {
  #rows = new Map();
  #list = h("ul.roster-list");
  #title = h("h2", {}, "In view");
  #onFollow;

  /** @param {{ onFollow: (entity: number | null) => void }} options */
  constructor({ onFollow }) {
    this.#onFollow = onFollow;
    this.element = h("section.roster.frame", { "aria-label": "Characters in view" }, this.#title, this.#list);
  }

  /**
   * @param {import("../../../js/src/index.js").Session} session
   * @param {number | null} followed
   */
  update(session, followed) {
    const there = [...session.world.entities()].filter(([, { kind }]) => kind in RANKS);
    const entries = there.map(([id, entity]) => ({ id, entity, name: nameOf(session, entity) }));
    entries.sort((one, other) => RANKS[one.entity.kind] - RANKS[other.entity.kind] || order(one, other));
    setText(this.#title, `In view: ${counted(entries)}`);
    this.#forget(new Set(entries.map(({ id }) => id)));
    entries.forEach((entry, place) => this.#place(this.#row(entry, followed), place));
  }

  #row({ id, entity, name }, followed) {
    let row = this.#rows.get(id);
    if (!row) {
      const onclick = () => this.#onFollow(row.button.getAttribute("aria-pressed") === "true" ? null : id);
      const button = h("button.small.wide", { type: "button", onclick });
      row = { button, element: h("li", {}, button) };
      this.#rows.set(id, row);
    }
    setText(row.button, `${name}${healthOf(entity)}`);
    setAttribute(row.button, "aria-pressed", String(id === followed));
    return row;
  }

  /** Nothing is moved that stands where it should: moving takes the focus away. */
  #place({ element }, place) {
    const before = this.#list.children[place];
    if (before !== element) this.#list.insertBefore(element, before ?? null);
  }

  #forget(there) {
    for (const [id, { element }] of this.#rows) {
      if (there.has(id)) continue;
      element.remove();
      this.#rows.delete(id);
    }
  }
}

function order(one, other) {
  return one.name.localeCompare(other.name) || one.id - other.id;
}

function healthOf({ components: { Health } }) {
  if (!Health || Health.max === 0) return "";
  return Health.current === 0 ? " (dead)" : ` ${Math.ceil((100 * Health.current) / Health.max)} %`;
}

function counted(entries) {
  const players = entries.filter(({ entity }) => entity.kind === "Player").length;
  const others = entries.length - players;
  return `${players} ${players === 1 ? "player" : "players"}, ${others} ${others === 1 ? "other" : "others"}`;
}
