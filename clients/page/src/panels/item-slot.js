// A square with an item in it, or without: in the bag, on the body, at vendors, in trades.

import { h, setAttribute, setClass, showPicture } from "../dom.js";
import { itemWords, obstacle, rarityOf, wearerOf } from "../words/items.js";

/** One square. */
export class ItemSlot {
  /** The item that it shows: `{ item, definition }`; null if it is empty. */
  item = null;
  #game;
  #image = h("img.item-icon.missing", { alt: "", draggable: false, crossOrigin: "anonymous" });
  #letter = h("span.letter", { "aria-hidden": "true" });
  #emptyWord;
  /** Whether it shows what is in the bag or on the body, and not an offer. */
  #isSource;

  /**
   * @param {import("../game/game.js").Game} game
   * @param {{ empty?: string, onChoose?: (item: any, slot: ItemSlot) => void, onDo?: (item: any) => void,
   *   onDropped?: (item: any) => void, isSource?: boolean }} options `onChoose` for a click, `onDo` for a double one,
   *   `onDropped` for an item that was dragged here; `isSource` lets items be dragged from here.
   */
  constructor(game, { empty = "Empty", onChoose = () => {}, onDo = () => {}, onDropped = null, isSource = true }) {
    [this.#game, this.#emptyWord, this.#isSource] = [game, empty, isSource];
    this.element = h(
      "button.item-slot",
      {
        type: "button",
        "aria-label": empty,
        onclick: () => this.item && onChoose(this.item, this),
        ondblclick: () => this.item && onDo(this.item),
      },
      this.#letter,
      this.#image,
    );
    game.panels.tooltips.on(this.element, () => this.item && itemWords(this.#info, game));
    if (isSource) this.#letDrag();
    if (onDropped) acceptDrops(game, this.element, onDropped);
  }

  get #info() {
    return this.item && this.#game.session.content.item(this.item.definition);
  }

  /** Shows an item, or nothing. */
  set(item) {
    if (item?.item === this.item?.item && item?.definition === this.item?.definition) return this.#showObstacle();
    this.item = item ?? null;
    const info = this.#info;
    showPicture(this.#image, this.#game.assets, item ? `pictures/items/${item.definition}.png` : null);
    this.#letter.textContent = item ? (info?.name ?? item.definition).slice(0, 2) : "";
    this.element.draggable = item !== null && item !== undefined;
    setClass(this.element, "filled", Boolean(item));
    setAttribute(this.element, "data-rarity", info ? rarityOf(info) : null);
    setAttribute(this.element, "aria-label", item ? (info?.name ?? item.definition) : this.#emptyWord);
    this.#showObstacle();
  }

  #showObstacle() {
    const info = this.#info;
    const isForOthers = Boolean(
      info && (info.worn_slot !== null || info.consumable) && obstacle(info, wearerOf(this.#game)),
    );
    setClass(this.element, "for-others", isForOthers);
    setClass(this.element, "offered", Boolean(info) && this.#isSource && this.#game.panels.trade.isOffered(this.item));
  }

  #letDrag() {
    const { panels } = this.#game;
    this.element.addEventListener("dragstart", (event) => {
      if (!this.item) return event.preventDefault();
      panels.dragged = this.item;
      panels.tooltips.hide();
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", this.item.definition);
    });
    this.element.addEventListener("dragend", () => (panels.dragged = null));
  }
}

/** Lets an element take items that are dragged onto it. */
export function acceptDrops(game, element, onDropped) {
  element.addEventListener("dragover", (event) => {
    if (!game.panels.dragged) return;
    event.preventDefault();
    event.stopPropagation();
    element.classList.add("taking");
  });
  element.addEventListener("dragleave", () => element.classList.remove("taking"));
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    event.stopPropagation();
    element.classList.remove("taking");
    if (game.panels.dragged) onDropped(game.panels.dragged);
  });
}

/** A grid of squares, in which the arrow keys walk. */
export class ItemGrid {
  #slots = [];
  #make;
  #across;

  /**
   * @param {import("../game/game.js").Game} game
   * @param {{ label: string, across: number } & ConstructorParameters<typeof ItemSlot>[1]} options
   */
  constructor(game, { label, across, ...options }) {
    this.#make = () => new ItemSlot(game, options);
    this.#across = across;
    this.element = h("div.item-grid", { role: "group", "aria-label": label, onkeydown: (event) => this.#walk(event) });
    this.element.style.setProperty("--across", String(across));
  }

  /** Shows items, one in each square; null is an empty one. */
  set(items) {
    while (this.#slots.length < items.length) {
      const slot = this.#make();
      slot.element.tabIndex = this.#slots.length === 0 ? 0 : -1;
      this.#slots.push(slot);
      this.element.append(slot.element);
    }
    while (this.#slots.length > items.length) this.#slots.pop().element.remove();
    this.#slots.forEach((slot, index) => slot.set(items[index]));
  }

  /** Marks the square of an item. */
  mark(id) {
    for (const { item, element } of this.#slots) setClass(element, "chosen", item !== null && item.item === id);
  }

  #walk(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.#across, ArrowUp: -this.#across }[event.key];
    const from = this.#slots.findIndex(({ element }) => element === document.activeElement);
    if (by === undefined || from < 0) return;
    event.preventDefault();
    event.stopPropagation();
    const to = this.#slots[from + by];
    if (!to) return;
    this.#slots[from].element.tabIndex = -1;
    to.element.tabIndex = 0;
    to.element.focus();
  }
}
