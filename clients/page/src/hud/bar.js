// A bar that says how much there is of something.

import { h, setAttribute, setStyle, setText } from "../dom.js";

/** A bar: health, resource, experience. */
export class Bar {
  #fill = h("div.fill");
  #text = h("span.bar-text", { "aria-hidden": "true" });

  /** @param {string} kind Its class: `health`, `resource`... */
  constructor(kind, label) {
    this.element = h(
      `div.meter.${kind}`,
      { role: "meter", "aria-label": label, "aria-valuemin": "0", "aria-valuenow": "0", "aria-valuemax": "1" },
      this.#fill,
      this.#text,
    );
  }

  /** @param {string} [text] What stands on it; `current / max` by default. */
  set(current, max, text = `${current} / ${max}`) {
    // To half a percent: finer steps cannot be seen.
    const share = max > 0 ? Math.min(1, Math.max(0, current / max)) : 0;
    setStyle(this.#fill, "transform", `scaleX(${Math.round(share * 200) / 200})`);
    setAttribute(this.element, "aria-valuenow", String(current));
    setAttribute(this.element, "aria-valuemax", String(max));
    setAttribute(this.element, "aria-valuetext", text);
    setText(this.#text, text);
  }

  label(text) {
    setAttribute(this.element, "aria-label", text);
  }
}

/** A bar for a cast: fills as it goes on. */
export class CastBar {
  #fill = h("div.fill");
  #text = h("span.bar-text");

  constructor() {
    this.element = h("div.meter.cast", { hidden: true }, this.#fill, this.#text);
  }

  /** @param {{ name: string, share: number } | null} cast */
  set(cast) {
    const isShown = cast !== null;
    if (this.element.hidden === isShown) this.element.hidden = !isShown;
    if (!cast) return;
    setStyle(this.#fill, "transform", `scaleX(${Math.round(Math.min(1, Math.max(0, cast.share)) * 200) / 200})`);
    setText(this.#text, cast.name);
  }
}
