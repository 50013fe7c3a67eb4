// How the connection does: for those who want to know.

import { h, setShown, setText } from "../dom.js";

const EVERY_MS = 1000;
const ROWS = ["Transport", "Ping", "Jitter", "Corrections", "Down", "Up", "Frame", "On screen"];

export class Network {
  #game;
  #cells = Object.fromEntries(ROWS.map((name) => [name, h("dd")]));
  #nextMs = 0;
  #last = null;
  #frames = [];
  #frameMs = 0;

  constructor(game) {
    this.#game = game;
    this.element = h(
      "section.network.frame",
      { "aria-label": "Network", hidden: true },
      h("dl", {}, ...ROWS.flatMap((name) => [h("dt", {}, name), this.#cells[name]])),
    );
  }

  frame(nowMs) {
    this.#frames.push(nowMs - (this.#frameMs || nowMs));
    this.#frameMs = nowMs;
    if (this.#frames.length > 120) this.#frames.shift();
  }

  /** Another connection counts anew. */
  entered() {
    this.#last = null;
  }

  update(nowMs) {
    const isShown = this.#game.settings.get("showNetwork");
    setShown(this.element, isShown);
    if (!isShown || nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + EVERY_MS;
    const { client, display, session } = this.#game.player;
    const { bytesIn, bytesOut } = client.traffic;
    const now = { nowMs, bytesIn, bytesOut, corrections: session.corrections, client };
    const last = this.#last?.client === client ? this.#last : now;
    const seconds = (nowMs - last.nowMs) / 1000;
    const each = (of) => (seconds > 0 ? (now[of] - last[of]) / seconds : 0);
    const say = (name, text) => setText(this.#cells[name], text);
    say("Transport", client.transport);
    say("Ping", `${Math.round(display.clock.roundTripMs)} ms`);
    say("Jitter", `${display.clock.jitterMs.toFixed(1)} ms`);
    say("Corrections", `${Math.round(each("corrections") * 60)} / min`);
    say("Down", `${(each("bytesIn") / 1000).toFixed(1)} kB/s`);
    say("Up", `${(each("bytesOut") / 1000).toFixed(1)} kB/s`);
    say("Frame", `${average(this.#frames).toFixed(1)} ms`);
    say("On screen", String(this.#game.scene.figuresInView));
    this.#last = now;
  }
}

function average(values) {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
