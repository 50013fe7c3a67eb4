// A trade between two players: both offers, and both have to agree to the same.

import { h, setClass, setText } from "../dom.js";
import { nameOf } from "../hud/names.js";
import { acceptDrops, ItemGrid } from "./item-slot.js";
import { isSmallScreen, Window } from "./window.js";

/** Items on one side at most. */
const MOST = 12;

export class Trade extends Window {
  #mine;
  #theirs;
  #gold = h("input.gold-input", { type: "number", min: 0, value: 0, "aria-label": "Gold that you offer" });
  #theirGold = h("p.gold");
  #theirName = h("h3");
  #state = h("p.trade-state", { role: "status" });
  #confirm;
  #sides;
  /** What can be offered: where the bag itself has no room beside this window. */
  #bag;
  #openedBag = false;
  /** Closed here, while the server has not said that it is over. */
  #isCancelled = false;

  constructor(game) {
    super(game, "trade", "Trade");
    this.#mine = new ItemGrid(game, {
      label: "Your offer",
      across: 6,
      isSource: false,
      onChoose: (item) => this.takeBack(item),
      onDropped: (item) => this.offer(item),
    });
    this.#theirs = new ItemGrid(game, { label: "Their offer", across: 6, isSource: false });
    this.#gold.addEventListener("change", () => this.#send(this.#offered()));
    this.#confirm = h("button.primary", { type: "button", onclick: () => this.#agree() }, "Agree");
    const cancel = h("button", { type: "button", onclick: () => game.ask({ type: "TradeCancel" }) }, "Cancel");
    const mine = h(
      "div.side",
      {},
      h("h3", {}, "You offer"),
      this.#mine.element,
      h("label.row", {}, this.#gold, "gold"),
    );
    const theirs = h("div.side", {}, this.#theirName, this.#theirs.element, this.#theirGold);
    this.#sides = { mine, theirs };
    this.#bag = new ItemGrid(game, {
      label: "Your bag",
      across: 6,
      isSource: false,
      onChoose: (item) => this.offer(item),
    });
    const bag = h("div.trade-bag", {}, h("h3", {}, "Select what to offer"), this.#bag.element);
    this.body.append(h("div.sides", {}, mine, theirs), bag, this.#state, h("div.buttons", {}, this.#confirm, cancel));
    acceptDrops(game, mine, (item) => this.offer(item));
  }

  get isUnderWay() {
    return this.game.session.trade !== null;
  }

  #offered() {
    return this.game.session.trade?.mine.items.map(({ item }) => item) ?? [];
  }

  /** Whether an item is offered already. */
  isOffered({ item }) {
    return this.#offered().includes(item);
  }

  /** Adds an item to what is offered. */
  offer(item) {
    const offered = this.#offered();
    if (!this.isUnderWay || offered.includes(item.item)) return;
    if (item.slot >= 100) this.game.toast("Take it off before you offer it.", "refused");
    else if (offered.length >= MOST) this.game.toast(`No more than ${MOST} items at once.`, "refused");
    else this.#send([...offered, item.item]);
  }

  /** Takes an item back that is offered. */
  takeBack({ item }) {
    this.#send(this.#offered().filter((id) => id !== item));
  }

  #send(items) {
    const { gold: own } = this.game.session.possessions;
    const typed = BigInt(Math.max(0, Math.trunc(Number(this.#gold.value)) || 0));
    const gold = typed > own ? own : typed;
    this.#gold.value = String(gold);
    this.game.ask({ type: "TradeOffer", items, gold });
  }

  #agree() {
    const { trade } = this.game.session;
    if (trade) this.game.ask({ type: "TradeConfirm", revision: trade.revision });
  }

  told(message) {
    if (message.type === "TradeState" && !this.#isCancelled) {
      if (!this.game.panels.isOpen("trade")) {
        this.#gold.value = "0";
        this.game.panels.show("trade", { isQuiet: true });
        this.#openedBag = !isSmallScreen() && this.game.panels.show("bag", { isQuiet: true });
      }
      this.update();
    } else if (message.type === "TradeEnded") {
      this.game.panels.hide("trade");
      this.#isCancelled = false;
    }
  }

  entered() {
    this.#isCancelled = false;
  }

  /** A window that is closed ends the trade: nobody agrees to what is not seen. */
  closed() {
    if (this.isUnderWay) this.#isCancelled = this.game.ask({ type: "TradeCancel" }) !== null;
    if (this.#openedBag) this.game.panels.hide("bag");
  }

  update() {
    const { session } = this.game;
    const { trade } = session;
    if (!trade) return;
    const name = nameOf(session, session.world.entity(trade.with)) || "The other player";
    setText(this.title, `Trade with ${name}`);
    setText(this.#theirName, `${name} offers`);
    this.#mine.set(filled(trade.mine.items));
    this.#theirs.set(filled(trade.theirs.items));
    this.#bag.set(session.possessions.bag().filter(({ item }) => !this.#offered().includes(item)));
    setText(this.#theirGold, `${trade.theirs.gold.toLocaleString("en")} gold`);
    setClass(this.#sides.mine, "agreed", trade.mine.confirmed);
    setClass(this.#sides.theirs, "agreed", trade.theirs.confirmed);
    this.#confirm.disabled = trade.mine.confirmed;
    const words = trade.mine.confirmed
      ? `You have agreed. Waiting for ${name}.`
      : trade.theirs.confirmed
        ? `${name} has agreed. Check both offers before you agree.`
        : "If an offer changes, you both have to agree again.";
    setText(this.#state, words);
  }
}

function filled(items) {
  return [...items, ...new Array(MOST - items.length).fill(null)];
}
