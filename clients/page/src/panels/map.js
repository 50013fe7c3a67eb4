// The whole map.

import { h, setText } from "../dom.js";
import { Window } from "./window.js";

const EVERY_MS = 200;

export class MapWindow extends Window {
  #canvas = h("canvas.whole-map", { width: 640, height: 640, role: "img", "aria-label": "Map" });
  #nextMs = 0;

  constructor(game) {
    super(game, "map", "Map");
    const sign = (colour, word) => h("li", {}, h(`span.dot.${colour}`, { "aria-hidden": "true" }), word);
    this.body.append(
      this.#canvas,
      h(
        "ul.legend",
        {},
        sign("you", "you"),
        sign("friend", "party"),
        sign("enemy", "enemies"),
        sign("trader", "vendors"),
        sign("gateway", "portals"),
        sign("haven", "safe zone"),
      ),
    );
  }

  update(nowMs = performance.now()) {
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + EVERY_MS;
    const { scene, session, assets } = this.game;
    const map = session.welcome?.map;
    setText(this.title, assets.mapName?.(map) ?? "Map");
    scene.drawMap(this.#canvas, nowMs);
  }
}
