// Two slots for what is used up, such as potions: the first two kinds that the bag holds, each with its own key. A kind stays on
// its slot when the last of it is used, so that nothing moves under the pointer.

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
  return [...kinds.values()];
}

/**
 * What lies on the slots now: a kind stays where it was. Another kind takes a slot that is empty, or whose kind is used up.
 * @param {({ definition: string } | null)[]} before
 * @param {ReturnType<typeof quickKinds>} kinds
 */
export function placed(before, kinds) {
  const left = new Map(kinds.map((kind) => [kind.definition, kind]));
  const stays = before.map((slot) => {
    const kind = slot && left.get(slot.definition);
    if (kind) left.delete(kind.definition);
    return kind ?? null;
  });
  const others = left.values();
  return stays.map((kind, index) => kind ?? others.next().value ?? (before[index] && { ...before[index], item: null, count: 0 }));
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

  /** What can be used now. */
  get count() {
    return this.#slots.reduce((sum, { kind }) => sum + (kind?.count ?? 0), 0);
  }

  /** Uses what lies on a slot. */
  use(index) {
    const { kind } = this.#slots[index];
    if (kind?.item && !this.#game.own?.isDead) this.#game.ask({ type: "UseItem", item: kind.item });
  }

  update() {
    const { session, own } = this.#game;
    const wearer = wearerOf(this.#game);
    const isUsable = (definition) => {
      const info = session.content.item(definition);
      return Boolean(info?.consumable) && obstacle(info, wearer) === null;
    };
    if (!session.possessions.isTold) return;
    const before = this.#slots.map(({ kind }) => kind);
    const kinds = placed(before, quickKinds(session.possessions.bag(), isUsable));
    this.#slots.forEach((slot, index) => this.#show(slot, kinds[index], own?.isDead ?? true));
  }

  #show(slot, kind, isDead) {
    setShown(slot.button, kind !== null);
    setClass(slot.button, "off", isDead || kind?.count === 0);
    slot.kind = kind;
    if (!kind) return;
    showPicture(slot.icon, this.#game.assets, `pictures/items/${kind.definition}.png`);
    setText(slot.count, String(kind.count));
    setText(slot.word, `Use ${this.#info(kind).name}, ${kind.count} left`);
  }
}
