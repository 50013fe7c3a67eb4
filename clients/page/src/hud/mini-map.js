// The mini-map, with what the place is called.

import { h, setText } from "../dom.js";

/** A mini-map that is drawn more often costs more than it tells. */
const EVERY_MS = 200;

export class MiniMapFrame {
  #game;
  #canvas = h("canvas.mini-map", { width: 176, height: 176, "aria-hidden": "true" });
  #place = h("span.place");
  #channel;
  #nextMs = 0;
  /** Whether it waits for the next frame, in which less else is done than in that of an update. */
  #isDue = false;

  constructor(game) {
    this.#game = game;
    this.#channel = h("button.tiny.channel", { type: "button", onclick: () => game.panels.toggle("channels") });
    const open = h(
      "button.map-button",
      {
        type: "button",
        "aria-label": "Open the map",
        onclick: () => game.panels.toggle("map"),
        onpointerdown: (event) => event.preventDefault(),
      },
      this.#canvas,
    );
    this.element = h(
      "section.map-frame",
      { "aria-label": "Where you are" },
      open,
      h("div.map-words", {}, this.#place, this.#channel),
    );
  }

  update(nowMs) {
    const { welcome } = this.#game.session;
    if (!welcome) return;
    setText(this.#place, this.#game.assets.mapName?.(welcome.map) ?? `Map ${welcome.map}`);
    setText(this.#channel, `Channel ${welcome.channel}`);
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + EVERY_MS;
    this.#isDue = true;
  }

  frame() {
    if (this.#isDue) this.#game.scene.drawMiniMap(this.#canvas);
    this.#isDue = false;
  }
}
