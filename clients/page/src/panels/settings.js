// The settings: keys, and how the game looks and sounds.

import { h, newId, setText } from "../dom.js";
import { soundSettings } from "../sound/switches.js";
import { DEFAULT_KEYS, KEY_WORDS, keyName } from "../settings.js";
import { Dialog } from "./dialog.js";
import { scrolling } from "./window.js";

/** Keys that always mean the same. */
const FIXED = ["Escape", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"];

export class SettingsWindow {
  #dialog;
  #settings;
  #keys = new Map();
  #flags = new Map();
  /** The action that waits for its key; null if none does. */
  #waiting = null;
  #word = h("p.quiet", { role: "status" }, "Select a key, then press the new one.");

  /** @param {import("../game/game.js").Game} game */
  constructor({ settings, signal }) {
    this.#settings = settings;
    const done = h("button.primary", { type: "button", onclick: () => this.#dialog.close() }, "Done");
    const defaults = h(
      "button",
      { type: "button", onclick: () => settings.set("keys", { ...DEFAULT_KEYS }) },
      "Reset keys",
    );
    this.#dialog = new Dialog({
      title: "Settings",
      classes: ".settings-window",
      hasClose: true,
      onClose: () => this.#wait(null),
      content: [
        scrolling(h("div.settings-body", {}, this.#looks(), soundSettings(settings, signal), this.#keyTable())),
        h("div.buttons", {}, done, defaults),
      ],
    });
    // Before the dialogue hears it: Escape and Tab may be pressed for something else.
    this.#dialog.element.addEventListener("keydown", (event) => this.#key(event), { capture: true });
    settings.addEventListener("change", () => (this.#showKeys(), this.#showFlags()), { signal });
  }

  #looks() {
    const rows = [
      this.#flag("names", "Show names"),
      this.#flag("hints", "Hints for new players", (isOn) => isOn && this.#settings.set("hintsDone", [])),
      this.#flag("fightBack", "Fight back when attacked"),
      this.#flag("reducedMotion", "Reduce motion"),
      this.#flag("showNetwork", "Show network statistics"),
      this.#choice("palette", "Colours", [
        ["default", "Standard"],
        ["colour-blind", "Colour-blind"],
      ]),
      this.#choice("touch", "Touch controls", [
        ["auto", "Auto"],
        ["on", "On"],
        ["off", "Off"],
      ]),
      this.#choice(
        "uiScale",
        "Interface size",
        [0.75, 0.9, 1, 1.15, 1.3, 1.5].map((value) => [value, `${Math.round(value * 100)} %`]),
      ),
    ];
    return h("fieldset", {}, h("legend", {}, "Display"), h("div.setting-rows", {}, ...rows));
  }

  #flag(name, label, changed = () => {}) {
    const id = newId("setting");
    const input = h("input", {
      type: "checkbox",
      id,
      checked: this.#settings.get(name),
      onchange: () => (this.#settings.set(name, input.checked), changed(input.checked)),
    });
    this.#flags.set(name, input);
    return h("div.setting", {}, input, h("label", { htmlFor: id }, label));
  }

  /** Some are switched elsewhere, too. */
  #showFlags() {
    for (const [name, input] of this.#flags) input.checked = this.#settings.get(name);
  }

  #choice(name, label, values) {
    const id = newId("setting");
    const current = this.#settings.get(name);
    const options = values.map(([value, word], index) =>
      h("option", { value: String(index), selected: value === current }, word),
    );
    const select = h(
      "select",
      { id, onchange: () => this.#settings.set(name, values[Number(select.value)][0]) },
      ...options,
    );
    return h("div.setting", {}, h("label", { htmlFor: id }, label), select);
  }

  #keyTable() {
    const rows = Object.keys(DEFAULT_KEYS).map((action) => {
      const button = h("button.key-button", { type: "button", onclick: () => this.#wait(action) });
      this.#keys.set(action, button);
      return h("div.setting", {}, h("span", {}, KEY_WORDS[action]), button);
    });
    this.#showKeys();
    return h("fieldset", {}, h("legend", {}, "Keys"), this.#word, h("div.setting-rows", {}, ...rows));
  }

  #showKeys() {
    const keys = this.#settings.get("keys");
    for (const [action, button] of this.#keys) {
      const isWaiting = action === this.#waiting;
      setText(button, isWaiting ? "…" : keyName(keys[action]));
      button.setAttribute("aria-label", `${KEY_WORDS[action]}: ${keyName(keys[action])}`);
      button.classList.toggle("waiting", isWaiting);
    }
  }

  #wait(action) {
    this.#waiting = action;
    this.#showKeys();
    setText(
      this.#word,
      action ? `Press the new key for “${KEY_WORDS[action]}”, or Escape to cancel.` : "Select a key, then press the new one.",
    );
  }

  #key(event) {
    if (this.#waiting === null) return;
    event.preventDefault();
    event.stopPropagation();
    const action = this.#waiting;
    this.#wait(null);
    if (!FIXED.includes(event.code)) this.#settings.bind(action, event.code);
  }

  open() {
    this.#dialog.open();
  }

  close() {
    this.#dialog.close();
  }
}
