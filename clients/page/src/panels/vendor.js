// A vendor: what it sells, what it pays, and what can be bought back.

import { h, newId, picture, setClass, setShown, setText } from "../dom.js";
import { distanceTo, nameOf } from "../hud/names.js";
import { itemWords, obstacle, rarityOf, wearerOf } from "../words/items.js";
import { acceptDrops } from "./item-slot.js";
import { isSmallScreen, Window } from "./window.js";

/** Most pieces of a kind that are bought at once: each is a request of its own. */
const MOST = 10;
/** While a purchase of several pieces arrives, the vendor is not asked for each of them. */
const ASKS_EVERY_MS = 500;

export class Vendor extends Window {
  #vendor = null;
  #stock = null;
  #sells = h("ul.goods", { "aria-label": "For sale" });
  #buys = h("ul.goods", { "aria-label": "Yours to sell" });
  #sold = h("ul.goods", { "aria-label": "Sold" });
  #soldPart = h("section", { hidden: true }, h("h3", {}, "Buy back"), this.#sold);
  #gold = h("p.gold");
  #rows = [];
  #askedFor = "";
  #askedMs = -Infinity;
  #shownBuys = null;
  #openedBag = false;

  constructor(game) {
    super(game, "vendor", "Vendor");
    this.body.append(h("h3", {}, "For sale"), this.#sells, h("h3", {}, "Sell"), this.#buys, this.#soldPart, this.#gold);
    acceptDrops(game, this.element, (item) => this.sell(item));
  }

  get isOpen() {
    return this.game.panels.isOpen("vendor");
  }

  /** Asks a vendor what it has. The window opens with the answer. */
  visit(id) {
    this.#vendor = id;
    this.#askedFor = this.#carried();
    this.game.reaching.ask({ type: "VendorList", vendor: id });
  }

  told(message) {
    if (message.type !== "VendorStock" || message.vendor !== this.#vendor) return;
    const isOther = !this.#stock || goodsOf(message) !== goodsOf(this.#stock);
    this.#stock = message;
    this.#shownBuys = null;
    setText(this.title, nameOf(this.game.session, this.game.session.world.entity(message.vendor)) || "Vendor");
    if (isOther) this.#showSells();
    this.#showSold();
    if (!this.isOpen) this.#open();
    this.update();
  }

  #open() {
    this.game.panels.show("vendor");
    if (!isSmallScreen() && this.game.panels.show("bag", { isQuiet: true })) this.#openedBag = true;
  }

  closed() {
    // An answer that comes later does not open it again.
    this.#vendor = null;
    if (this.#openedBag) this.game.panels.hide("bag");
    this.#openedBag = false;
  }

  /** What this vendor pays for a kind of item; null if it takes none, or nobody trades. */
  priceFor(definition) {
    if (!this.isOpen) return null;
    return this.#stock?.buys.find((of) => of.definition === definition)?.price ?? null;
  }

  sell(item) {
    if (item.slot < 100) this.game.ask({ type: "VendorSell", vendor: this.#vendor, item: item.item });
    else this.game.toast("Take it off before you sell it.", "refused");
  }

  #buy(definition, price, count) {
    for (let piece = 0; piece < count; piece += 1)
      this.game.ask({ type: "VendorBuy", vendor: this.#vendor, definition, price });
  }

  #showSells() {
    this.#rows = this.#stock.sells.map(({ definition, price }) => this.#row(definition, price));
    this.#sells.replaceChildren(...this.#rows.map(({ element }) => element));
  }

  #row(definition, price) {
    const { session, assets, panels } = this.game;
    const info = session.content.item(definition);
    const name = info?.name ?? definition;
    // Nobody buys boots by the dozen.
    const isSingle = info?.worn_slot !== null && info?.worn_slot !== undefined;
    const count = h("input.count", {
      type: "number",
      min: 1,
      max: MOST,
      value: 1,
      id: newId("count"),
      "aria-label": `Quantity: ${name}`,
    });
    const wanted = () => Math.max(1, Math.min(MOST, Math.trunc(Number(count.value)) || 1));
    const against = info && obstacle(info, wearerOf(this.game));
    const lacks = h("span.lacks", { hidden: true });
    const button = h(
      `button.small${against ? "" : ".primary"}`,
      {
        type: "button",
        "aria-label": `Buy ${name} for ${price} gold`,
        onclick: () => this.#buy(definition, price, wanted()),
      },
      "Buy",
    );
    const element = h(
      "li",
      {},
      picture(assets, `pictures/items/${definition}.png`, "item-icon"),
      goodsWords(info, name, price, { against, lacks }),
      !isSingle && count,
      button,
    );
    panels.tooltips.on(element, () => itemWords(info, this.game));
    return { element, button, lacks, price, wanted };
  }

  update() {
    const { session, player, panels } = this.game;
    const { rules } = session.content;
    if (this.isOpen && rules && distanceTo(player, this.#vendor) > rules.vendor_range * 1.5)
      return panels.hide("vendor");
    if (!this.#stock) return;
    const { gold, bagSlots } = session.possessions;
    const room = Math.max(bagSlots - session.possessions.bag().length, 0);
    for (const { element, button, lacks, price, wanted } of this.#rows) {
      const missing = price * BigInt(wanted()) - gold;
      button.disabled = missing > 0n || wanted() > room;
      setClass(element, "dear", missing > 0n);
      setShown(lacks, missing > 0n);
      setText(lacks, `${missing.toLocaleString("en")} gold short`);
    }
    const full = room === 0 ? ", and your bag is full" : room < MOST ? `, and room for ${room} more` : "";
    setText(this.#gold, `You have ${gold.toLocaleString("en")} gold${full}.`);
    this.#showBuys();
    this.#askAgain();
  }

  /** A vendor says its prices for what is carried, and what it has bought. Another bag needs a new question. */
  #askAgain() {
    const carried = this.#carried();
    const nowMs = performance.now();
    if (carried === this.#askedFor || !this.isOpen || nowMs - this.#askedMs < ASKS_EVERY_MS) return;
    [this.#askedFor, this.#askedMs] = [carried, nowMs];
    this.game.ask({ type: "VendorList", vendor: this.#vendor });
  }

  #carried() {
    const items = this.game.session.possessions.bag().map(({ item }) => item);
    return items.sort().join();
  }

  #showSold() {
    const { session, assets, panels } = this.game;
    setShown(this.#soldPart, this.#stock.sold.length > 0);
    const rows = this.#stock.sold.map(({ item, definition, price }) => {
      const info = session.content.item(definition);
      const name = info?.name ?? definition;
      const buyBack = () => this.game.ask({ type: "VendorBuyBack", vendor: this.#vendor, item, price });
      const row = h(
        "li",
        {},
        picture(assets, `pictures/items/${definition}.png`, "item-icon"),
        goodsWords(info, name, price),
        h("button.small", { type: "button", "aria-label": `Buy ${name} back for ${price} gold`, onclick: buyBack }, "Buy back"),
      );
      panels.tooltips.on(row, () => itemWords(info, this.game));
      return row;
    });
    this.#sold.replaceChildren(...rows);
  }

  #showBuys() {
    const { session, assets, panels } = this.game;
    const carried = session.possessions.bag();
    const groups = this.#stock.buys
      .map(({ definition, price }) => ({
        definition,
        price,
        items: carried.filter((item) => item.definition === definition),
      }))
      .filter(({ items }) => items.length > 0);
    const now = groups
      .map(({ definition, price, items }) => `${definition} ${price} ${items.length} ${items[0].item}`)
      .join();
    if (now === this.#shownBuys) return;
    this.#shownBuys = now;
    const rows = groups.map(({ definition, price, items }) => {
      const info = session.content.item(definition);
      const name = info?.name ?? definition;
      const count = items.length > 1 ? ` × ${items.length}` : "";
      const row = h(
        "li",
        {},
        picture(assets, `pictures/items/${definition}.png`, "item-icon"),
        goodsWords(info, `${name}${count}`, price),
        h(
          "button.small",
          { type: "button", "aria-label": `Sell ${name} for ${price} gold`, onclick: () => this.sell(items[0]) },
          "Sell",
        ),
      );
      panels.tooltips.on(row, () => itemWords(info, this.game));
      return row;
    });
    this.#buys.replaceChildren(
      ...(rows.length > 0 ? rows : [h("li.quiet", {}, "You have nothing to sell here.")]),
    );
  }
}

/** What an item is called and costs, what keeps the player from using it, and where the missing gold is shown. */
function goodsWords(info, name, price, { against = null, lacks = null } = {}) {
  return h(
    "div.goods-words",
    {},
    h(`span.goods-name${info ? `.${rarityOf(info)}` : ""}`, {}, name),
    h("span.price", {}, `${price} gold`),
    lacks,
    against && h("span.against", {}, against),
  );
}

/** What a vendor sells, as a text to compare. */
function goodsOf({ vendor, sells }) {
  return [vendor, ...sells.map(({ definition, price }) => `${definition} ${price}`)].join();
}
