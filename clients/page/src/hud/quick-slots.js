// Two slots for what is used up, such as potions: the first two kinds that the bag holds, each with its own key.

import { h, setClass, setShown, setText, showPicture } from "../dom.js";
import { keyName } from "../settings.js";
import { itemWords, obstacle, wearerOf } from "../words/items.js";

/** The actions of the slots. */
export const QUICK_ACTIONS = ["quick1", "quick2"];

/**
 * What lies on the slots: of each kind how many there are, and the item that is used next.
 * @param {{ item: string, definition: string, slot: number }[]} bag
 * @param {(definition: string) => boolean} isUsable Whether the player can use items of a kind.
 * @returns {{ definition: string, item: string, count: number }[]}
 */
export function quickKinds(bag, isUsable) {
  const kinds = new Map();
  for (const { item, definition } of [...bag].sort((one, other) => one.slot - other.slot)) {
    const kind = kinds.get(definition);
    if (kind) kind.count += 1;
    else if (isUsable(definition)) kinds.set(definition, { definition, item, count: 1 });
  }
  return [...kinds.values()].slice(0, QUICK_ACTIONS.length);
}

export class QuickSlots {
  #game;
  #slots;

  constructor(game) {
    this.#game = game;
    this.#slots = QUICK_ACTIONS.map((action, index) => this.#slot(action, index));
    const buttons = this.#slots.map(({ button }) => button);
    this.element = h("div.quick-slots", { role: "toolbar", "aria-label": "Potions" }, ...buttons);
    game.settings.addEventListener("change", () => this.#showKeys(), { signal: game.signal });
    this.#showKeys();
  }

  #slot(action, index) {
    const parts = {
      icon: h("img.ability-icon.missing", { alt: "", crossOrigin: "anonymous" }),
      key: h("kbd.key", { "aria-hidden": "true" }),
      count: h("span.cost", { "aria-hidden": "true" }),
      word: h("span.hidden-text"),
    };
    const button = h(
      "button.ability.quick",
      { type: "button", hidden: true, onclick: () => this.use(index), onpointerdown: (event) => event.preventDefault() },
      ...Object.values(parts),
    );
    const slot = { ...parts, action, button, kind: null };
    this.#game.panels.tooltips.on(button, () => slot.kind && itemWords(this.#info(slot.kind), this.#game));
    return slot;
  }

  #info({ definition }) {
    return this.#game.session.content.item(definition);
  }

  #showKeys() {
    const keys = this.#game.settings.get("keys");
    for (const { key, action } of this.#slots) setText(key, keyName(keys[action]));
  }

  /** Uses what lies on a slot. */
  use(index) {
    const { kind } = this.#slots[index];
    if (kind) this.#game.ask({ type: "UseItem", item: kind.item });
  }

  update() {
    const { session, own } = this.#game;
    const wearer = wearerOf(this.#game);
    const isUsable = (definition) => {
      const info = session.content.item(definition);
      return Boolean(info?.consumable) && obstacle(info, wearer) === null;
    };
    const kinds = session.possessions.isTold ? quickKinds(session.possessions.bag(), isUsable) : [];
    this.#slots.forEach((slot, index) => this.#show(slot, kinds[index] ?? null, own?.isDead ?? true));
  }

  #show(slot, kind, isDead) {
    setShown(slot.button, kind !== null);
    setClass(slot.button, "off", isDead);
    slot.kind = kind;
    if (!kind) return;
    showPicture(slot.icon, this.#game.assets, `pictures/items/${kind.definition}.png`);
    setText(slot.count, String(kind.count));
    setText(slot.word, `Use ${this.#info(kind).name}, ${kind.count} left`);
  }
}
