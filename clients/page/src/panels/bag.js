// The bag, and beside it what is worn.

import { h, setText } from "../dom.js";
import { glyph } from "../glyphs.js";
import { WORN } from "../words/items.js";
import { bagHint, doFirst, drop, ItemDetails } from "./item-actions.js";
import { acceptDrops, ItemGrid, ItemSlot } from "./item-slot.js";
import { Window } from "./window.js";

const ACROSS = 6;

export class Bag extends Window {
  #grid;
  #worn;
  #details;
  #count = h("p.quiet");
  #gold = h("span");
  #chosen = null;

  constructor(game) {
    super(game, "bag", "Bag");
    const onChoose = (item, slot) => this.#choose(item, slot);
    this.#worn = new WornSlots(game, onChoose);
    this.#grid = new ItemGrid(game, {
      label: "Bag",
      across: ACROSS,
      onChoose,
      onDo: (item) => doFirst(game, item),
      onDropped: (item) => item.slot >= 100 && game.ask({ type: "Unequip", item: item.item }),
    });
    this.#details = new ItemDetails(game, () => bagHint(game));
    acceptDrops(game, this.#grid.element, (item) => item.slot >= 100 && game.ask({ type: "Unequip", item: item.item }));
    this.body.append(
      h(
        "div.bag-top",
        {},
        this.#worn.element,
        h("div", {}, this.#grid.element, h("div.row.spread", {}, this.#count, h("p.gold", {}, glyph("coin"), this.#gold))),
      ),
      this.#details.element,
    );
  }

  #choose(item, slot) {
    this.#chosen = item.item;
    this.update();
    // Who chose with the keyboard goes on with it.
    if (slot.element.matches(":focus-visible")) this.#details.focus();
  }

  drop(item) {
    drop(this.game, item);
  }

  update() {
    const { possessions } = this.game.session;
    const squares = new Array(possessions.bagSlots).fill(null);
    for (const item of possessions.bag()) if (item.slot < squares.length) squares[item.slot] = item;
    this.#grid.set(squares);
    this.#worn.update();
    this.#grid.mark(this.#chosen);
    this.#details.show(possessions.items.get(this.#chosen) ?? null);
    setText(this.#count, `${possessions.bag().length} of ${possessions.bagSlots}`);
    setText(this.#gold, `${possessions.gold.toLocaleString("en")} gold`);
  }
}

/** What is worn, laid out as on a body. */
export class WornSlots {
  #game;
  #slots;

  constructor(game, onChoose) {
    this.#game = game;
    const takeOff = (item) => game.ask({ type: "Unequip", item: item.item });
    const wear = (item) => item.slot < 100 && game.ask({ type: "Equip", item: item.item });
    this.#slots = WORN.map(({ slot, name }) => ({
      slot,
      name,
      square: new ItemSlot(game, { empty: `${name}: empty`, onChoose, onDo: takeOff, onDropped: wear }),
    }));
    this.element = h(
      "ul.worn",
      { "aria-label": "Worn" },
      ...this.#slots.map(({ name, square }) => h("li", {}, square.element, h("span.worn-name", {}, name))),
    );
  }

  update() {
    const { possessions } = this.#game.session;
    for (const { slot, square } of this.#slots) square.set(possessions.worn(slot));
  }
}
