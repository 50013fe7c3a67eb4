// What can be done with another player.

import { h } from "../dom.js";
import { distanceTo } from "../hud/names.js";

export class PlayerMenu {
  #game;
  #element = null;
  #before = null;
  #outside = (event) => this.#element && !this.#element.contains(event.target) && this.close();

  constructor(game) {
    this.#game = game;
  }

  get isOpen() {
    return this.#element !== null;
  }

  /** @param {{ entity?: number | null, name?: string, clientX: number, clientY: number }} about */
  open({ entity = null, name, clientX, clientY }) {
    this.close();
    const known = entity === null ? null : this.#game.session.world.entity(entity);
    const called = name ?? known?.name;
    if (!called || called === this.#game.own?.name) return;
    const id = entity ?? this.#entityOf(called);
    this.#before = document.activeElement;
    const items = this.#items(called, id).map(({ word, does, isOff }) =>
      h(
        "button.menu-item",
        {
          type: "button",
          role: "menuitem",
          tabIndex: -1,
          disabled: isOff ?? false,
          onclick: () => (this.close(), does()),
        },
        word,
      ),
    );
    this.#element = h(
      "div.player-menu.frame",
      { role: "menu", "aria-label": called, onkeydown: (event) => this.#key(event, items) },
      h("p.menu-title", { role: "presentation" }, called),
      ...items,
    );
    document.querySelector("main").append(this.#element);
    this.#place(clientX, clientY);
    items.find((item) => !item.disabled)?.focus();
    addEventListener("pointerdown", this.#outside);
  }

  #entityOf(name) {
    for (const [id, entity] of this.#game.session.world.entities())
      if (entity.kind === "Player" && entity.name === name) return id;
    return null;
  }

  #items(name, id) {
    const { player, session, hud, selection } = this.#game;
    const ask = (message) => () => this.#game.ask(message);
    const range = session.content.rules?.trade_range ?? 0;
    const isMember = session.party.members.some((member) => member.name === name);
    return [
      { word: "Whisper", does: () => hud.chat.whisperTo(name) },
      {
        word: isMember ? "In your party" : "Invite to party",
        isOff: isMember,
        does: ask({ type: "PartyInvite", to: name }),
      },
      id !== null && {
        word: distanceTo(player, id) > range ? "Trade (too far away)" : "Trade",
        isOff: distanceTo(player, id) > range,
        does: () =>
          this.#game.ask({ type: "TradeRequest", with: id }) !== null && this.#game.log(`You ask ${name} to trade.`),
      },
      id !== null && { word: "Target", does: () => (selection.target = id) },
      { word: "Ignore", does: ask({ type: "Ignore", name }) },
    ].filter(Boolean);
  }

  #place(x, y) {
    const { width, height } = this.#element.getBoundingClientRect();
    this.#element.style.left = `${Math.max(4, Math.min(x, innerWidth - width - 4))}px`;
    this.#element.style.top = `${Math.max(4, Math.min(y, innerHeight - height - 4))}px`;
  }

  #key(event, items) {
    event.stopPropagation();
    const usable = items.filter((item) => !item.disabled);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      this.close();
    } else if (step) {
      event.preventDefault();
      usable.at((usable.indexOf(document.activeElement) + step) % usable.length)?.focus();
    }
  }

  close() {
    if (!this.#element) return;
    removeEventListener("pointerdown", this.#outside);
    this.#element.remove();
    this.#element = null;
    if (this.#before?.isConnected) this.#before.focus();
    this.#before = null;
  }
}
