// The ability bar: what is on each slot, whether it is ready, and the key it lies on.

import { h, picture, setClass, setStyle, setText } from "../dom.js";
import { keyName } from "../settings.js";
import { abilityWords } from "../words/abilities.js";
import { CastBar } from "./bar.js";

export class AbilityBar {
  #game;
  #slots = [];
  #shownFor = null;
  #cast = new CastBar();

  constructor(game) {
    this.#game = game;
    this.#list = h("div.ability-slots", { role: "toolbar", "aria-label": "Abilities" });
    this.element = h("section.abilities", { "aria-label": "Abilities" }, this.#cast.element, this.#list);
    game.settings.addEventListener("change", () => this.#showKeys(), { signal: game.signal });
  }

  #list;

  /** Builds the buttons, once for each class that is told. */
  #build() {
    const { session } = this.#game;
    if (!session.welcome || !session.content.isTold || this.#shownFor === session.content) return;
    this.#shownFor = session.content;
    this.#slots = session.welcome.slots.map((ability, slot) => this.#slot(session.content.ability(ability), slot));
    this.#list.replaceChildren(...this.#slots.map(({ button }) => button));
    this.#showKeys();
  }

  #slot(info, slot) {
    const unread = { "aria-hidden": "true" };
    const parts = {
      cool: h("span.cool"),
      left: h("span.cool-text", unread),
      key: h("kbd.key", unread),
      cost: h("span.cost", unread),
      word: h("span.hidden-text"),
    };
    const image = info && picture(this.#game.assets, `pictures/abilities/${info.id}.png`, "ability-icon");
    const letter = h("span.letter", { "aria-hidden": "true" }, info?.name.slice(0, 2) ?? "");
    const use = () => this.#game.controls.useSlot(slot);
    const button = h(
      "button.ability",
      { type: "button", onclick: use, onpointerdown: (event) => event.preventDefault() },
      letter,
      image,
      parts.cool,
      parts.left,
      parts.key,
      parts.cost,
      parts.word,
    );
    this.#game.panels.tooltips.on(button, () => abilityWords(info, this.#game));
    setText(parts.cost, info?.cost ? String(info.cost) : "");
    return { ...parts, button, info, longest: 0, isLocked: false };
  }

  #showKeys() {
    const keys = this.#game.settings.get("keys");
    this.#slots.forEach(({ key }, slot) => setText(key, keyName(keys[`slot${slot + 1}`])));
  }

  update() {
    this.#build();
    const { session, own, ownClass } = this.#game;
    const left = own?.components.Resource?.current ?? 0;
    this.#slots.forEach((of, slot) => {
      const { button, info } = of;
      if (!info) return;
      const refusal = session.refusalOf(slot);
      // Who is dead is told of that first.
      const isLocked = refusal === "NoSuchAbility" || (refusal === "Dead" && of.isLocked);
      setClass(button, "locked", isLocked);
      // What it costs is red where there is too little, whatever else stands against it.
      setClass(button, "dear", info.cost > left);
      setClass(button, "poor", refusal === "TooLittleResource");
      setClass(button, "ready", refusal === null);
      setClass(button, "off", refusal === "InSafeZone" || refusal === "Dead");
      if (isLocked) setText(of.left, `Lv ${info.min_level}`);
      const state = isLocked
        ? `, requires level ${info.min_level}`
        : refusal === "TooLittleResource"
          ? `, not enough ${ownClass?.resource_name ?? "strength"}`
          : "";
      setText(of.word, `${info.name}${state}`);
      of.isLocked = isLocked;
    });
  }

  /** Shows for a moment that an ability is not ready yet. */
  flash(slot) {
    const button = this.#slots[slot]?.button;
    if (!button) return;
    button.classList.remove("not-yet");
    // Without a layout in between, the animation would not begin again.
    void button.offsetWidth;
    button.classList.add("not-yet");
  }

  /** In each frame: the sweep of cooldowns, and the cast bar. */
  frame() {
    const { session } = this.#game;
    if (!session.welcome) return;
    const { ownTick, cast } = session;
    const hz = session.welcome.tick_hz;
    this.#slots.forEach((of, slot) => this.#sweep(of, Math.max(0, session.readyAt(slot) - ownTick), hz));
    const info = cast && session.content.ability(cast.ability);
    this.#cast.set(
      info ? { name: info.name, share: (ownTick - cast.from) / Math.max(1, cast.until - cast.from) } : null,
    );
  }

  #sweep(of, ticks, hz) {
    if (of.isLocked) return;
    of.longest = ticks > 0 ? Math.max(of.longest, ticks) : 0;
    const share = of.longest > 0 ? ticks / of.longest : 0;
    setStyle(of.cool, "--left", String(Math.round(share * 100) / 100));
    setClass(of.button, "cooling", ticks > 0);
    const seconds = ticks / hz;
    // The global cooldown is too short for a number.
    setText(
      of.left,
      of.longest / hz > 1.2 && ticks > 0 ? (seconds >= 1 ? String(Math.ceil(seconds)) : seconds.toFixed(1)) : "",
    );
  }
}
