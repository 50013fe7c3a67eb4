// What can be done with an item that one owns, which of it a double click does, and a place to choose.

import { FIRST_WORN_SLOT } from "../../../js/src/index.js";
import { h } from "../dom.js";
import { secondsText } from "../words/abilities.js";
import { itemWords, obstacle, wearerOf } from "../words/items.js";
import { confirmed } from "./dialog.js";
import { tooltipContent } from "./tooltips.js";

/**
 * What can be done with an item, the most likely first.
 * @returns {{ name: string, isGrave?: boolean, isSale?: boolean, does: () => void }[]}
 */
export function actionsFor(game, item) {
  const info = game.session.content.item(item.definition);
  const ask = (type) => () => game.ask({ type, item: item.item });
  if (item.slot >= FIRST_WORN_SLOT) return [{ name: "Take off", does: ask("Unequip") }];
  const { vendor, trade } = game.panels;
  if (trade.isUnderWay && trade.isOffered(item)) return [{ name: "Take back", does: () => trade.takeBack(item) }];
  const canWear = info && obstacle(info, wearerOf(game)) === null;
  const price = vendor.priceFor(item.definition);
  return [
    trade.isUnderWay && { name: "Offer", does: () => trade.offer(item) },
    vendor.isOpen && price !== null && { name: `Sell for ${price}`, isSale: true, does: () => vendor.sell(item) },
    info?.worn_slot !== null && canWear && { name: "Wear", does: ask("Equip") },
    info?.consumable && canWear && { name: "Use", does: ask("UseItem") },
    { name: "Drop", isGrave: true, does: () => drop(game, item) },
  ].filter(Boolean);
}

/** Drops an item, if the player is sure. */
export async function drop(game, item) {
  const { content } = game.session;
  const name = content.item(item.definition)?.name ?? item.definition;
  const isSure = await confirmed({
    title: `Drop ${name}?`,
    text: `Anyone can pick it up. It disappears after ${secondsText(content.rules.loot_lifetime_ms)}.`,
    yes: "Drop",
    isGrave: true,
  });
  if (isSure) game.ask({ type: "DropItem", item: item.item });
}

/** Does what is most likely meant with an item, but nothing by which it is gone. */
export function doFirst(game, item) {
  const [first] = actionsFor(game, item);
  if (first && !first.isSale && !first.isGrave) first.does();
}

/** What to do with the items of the bag, in words. */
export function bagHint({ panels }) {
  if (panels.trade.isUnderWay) return "Select an item, or double-click it to offer it.";
  if (panels.vendor.isOpen) return "Choose an item to sell it.";
  if (matchMedia("(pointer: coarse)").matches) return "Tap an item to see what you can do with it.";
  return "Double-click an item to use or wear it. Click it for more options.";
}

/** Shows the chosen item, and buttons for what can be done with it. */
export class ItemDetails {
  element = h("div.item-details", { "aria-live": "polite" });
  #game;
  #hint;
  /** What is shown: the item's place is part of it, for what is worn can be other than what is carried. */
  #shown = "";

  /** @param {() => string} hint What it says while nothing is chosen. */
  constructor(game, hint) {
    [this.#game, this.#hint] = [game, hint];
  }

  /** @param {any} item Null for none. */
  show(item) {
    const actions = item ? actionsFor(this.#game, item) : [];
    const hint = item ? "" : this.#hint();
    const now = item ? [item.item, item.slot, ...actions.map(({ name }) => name)].join() : hint;
    if (now === this.#shown) return;
    this.#shown = now;
    if (!item) return this.element.replaceChildren(h("p.quiet", {}, hint));
    const words = itemWords(this.#game.session.content.item(item.definition), this.#game) ?? {
      title: item.definition,
      lines: [],
    };
    const buttons = actions.map(({ name, isGrave, does }, index) =>
      h(`button.small${isGrave ? ".grave" : index === 0 ? ".primary" : ""}`, { type: "button", onclick: does }, name),
    );
    this.element.replaceChildren(...tooltipContent(words), h("div.buttons", {}, ...buttons));
  }

  /** Puts the keyboard on the first button. */
  focus() {
    this.element.querySelector("button")?.focus();
  }
}
