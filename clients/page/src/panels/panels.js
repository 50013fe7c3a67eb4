// The windows over the world: which are open, and what they share.

import { h } from "../dom.js";
import { slotOf } from "../controls/keys.js";
import { Bag } from "./bag.js";
import { Channels } from "./channels.js";
import { CharacterWindow } from "./character.js";
import { MapWindow } from "./map.js";
import { GameMenu } from "./menu.js";
import { Party } from "./party.js";
import { PlayerMenu } from "./player-menu.js";
import { SettingsWindow } from "./settings.js";
import { Social } from "./social.js";
import { Tooltips } from "./tooltips.js";
import { Trade } from "./trade.js";
import { Vendor } from "./vendor.js";

/** All windows of one stay in the world. */
export class Panels {
  element = h("div.panels");
  /** The item that is being dragged; null if none is. */
  dragged = null;
  #game;
  #windows;
  /** The open ones, the newest last. */
  #open = [];
  #menu;

  /** @param {import("../game/game.js").Game} game */
  constructor(game) {
    this.#game = game;
    this.tooltips = new Tooltips();
    const { signal } = (this.listening = new AbortController());
    game.panels = this;
    this.#menu = new PlayerMenu(game);
    this.#windows = {
      bag: new Bag(game),
      character: new CharacterWindow(game),
      vendor: new Vendor(game),
      trade: new Trade(game),
      party: new Party(game),
      social: new Social(game),
      map: new MapWindow(game),
      channels: new Channels(game),
    };
    this.gameMenu = new GameMenu(game);
    this.settingsWindow = new SettingsWindow(game);
    this.element.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.#acceptDropsOnGround(game.canvas, signal);
  }

  // --- opening and closing ---

  isOpen(name) {
    return this.#open.includes(this.#windows[name]);
  }

  /** Whether any window is open. */
  get isAnyOpen() {
    return this.#open.length > 0;
  }

  /** A key or a button was pressed. Escape closes the newest window, or opens the menu. */
  toggle(name) {
    if (name === "settings") this.#escape();
    else if (name === "menu") this.gameMenu.open();
    else if (this.isOpen(name)) this.hide(name);
    else this.show(name);
  }

  #escape() {
    if (this.#menu.isOpen) this.#menu.close();
    else if (this.#open.length > 0) this.#close(this.#open.at(-1));
    else if (this.#game.selection.target !== null) this.#game.selection.target = null;
    else this.gameMenu.open();
  }

  /** Opens a window. With `isQuiet` the keyboard stays where it is. Answers whether it was closed before. */
  show(name, { isQuiet = false } = {}) {
    const window = this.#windows[name];
    if (this.isOpen(name)) return false;
    this.#open.push(window);
    this.#game.sound.play("open");
    this.element.append(window.element);
    window.opened?.();
    window.update?.();
    if (!isQuiet) window.focus();
    return true;
  }

  hide(name) {
    if (this.isOpen(name)) this.#close(this.#windows[name]);
  }

  #close(window) {
    this.#open = this.#open.filter((open) => open !== window);
    const hadFocus = window.element.contains(document.activeElement);
    window.element.remove();
    this.#game.sound.play("close");
    this.tooltips.hide();
    window.closed?.();
    if (hadFocus) this.#game.focus();
  }

  openVendor(id) {
    this.#windows.vendor.visit(id);
  }

  get vendor() {
    return this.#windows.vendor;
  }

  get trade() {
    return this.#windows.trade;
  }

  /** What can be done with a player: by its entity, or by its name alone. */
  playerMenu(about) {
    this.#menu.open(about);
  }

  /** Tab goes around in the open windows: over the world it chooses enemies. */
  #goAround(event) {
    const all = [...this.element.querySelectorAll("button, input, select, textarea, [tabindex='0']")];
    const stops = all.filter((of) => !of.disabled && of.tabIndex >= 0 && of.checkVisibility());
    const [last, first] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
    const isAhead = event.shiftKey ? Node.DOCUMENT_POSITION_PRECEDING : Node.DOCUMENT_POSITION_FOLLOWING;
    if (!last || event.target.compareDocumentPosition(last) & isAhead) return;
    event.preventDefault();
    first.focus();
  }

  /** Keys that work while a window has the keyboard: abilities, and the windows' own. */
  #key(event) {
    if (event.key === "Tab") return this.#goAround(event);
    if (event.target.matches("input, select, textarea") || event.ctrlKey || event.altKey || event.metaKey) return;
    const keys = this.#game.settings.get("keys");
    const action = Object.keys(keys).find((name) => keys[name] === event.code);
    if (!action || event.repeat) return;
    const slot = slotOf(action);
    if (slot !== null) this.#game.controls.useSlot(slot);
    else if (this.#windows[action]) this.toggle(action);
  }

  /** What is dragged out of a window onto the world is dropped there. */
  #acceptDropsOnGround(canvas, signal) {
    canvas.addEventListener("dragover", (event) => this.dragged && event.preventDefault(), { signal });
    canvas.addEventListener(
      "drop",
      (event) => {
        event.preventDefault();
        if (this.dragged) this.#windows.bag.drop(this.dragged);
      },
      { signal },
    );
  }

  // --- what happens ---

  told(message) {
    for (const window of Object.values(this.#windows)) window.told?.(message);
  }

  entered() {
    for (const name of ["vendor", "trade", "channels"]) this.hide(name);
    this.#windows.trade.entered();
  }

  update(nowMs) {
    for (const window of this.#open) window.update?.(nowMs);
  }

  close() {
    this.listening.abort();
    this.#menu.close();
    this.tooltips.close();
    this.gameMenu.close();
    this.settingsWindow.close();
  }
}
