// What a watcher is told besides the world: which channel this is, how many are there, and how the connection does.

import { h, setText } from "../dom.js";

const EVERY_MS = 1000;
const ROWS = ["Channel", "Server", "Position", "Players", "In view", "Transport", "Jitter", "Down", "Up", "Frame"];

/** The rows of figures. */
export class Overlay {
  #cells = Object.fromEntries(ROWS.map((name) => [name, h("dd")]));
  #nextMs = 0;
  #last = null;

  constructor() {
    const rows = ROWS.flatMap((name) => [h("dt", {}, name), this.#cells[name]]);
    this.element = h("section.network.frame", { "aria-label": "Statistics" }, h("dl", {}, ...rows));
  }

  /**
   * @param {import("../../../js/src/index.js").Spectator} spectator
   * @param {{ nowMs: number, players: number | null, frameMs: number, mapName: string,
   *   at: { x: number, y: number } | null }} known `at` is where the eye is, in tiles.
   */
  update(spectator, { nowMs, players, frameMs, mapName, at }) {
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + EVERY_MS;
    const { grant, display, session, traffic } = spectator;
    const now = { nowMs, traffic, bytesIn: traffic.bytesIn, bytesOut: traffic.bytesOut };
    // Another connection counts anew.
    const last = this.#last?.traffic === traffic ? this.#last : now;
    const seconds = (nowMs - last.nowMs) / 1000;
    const each = (of) => (seconds > 0 ? (now[of] - last[of]) / seconds / 1000 : 0).toFixed(1);
    const say = (name, text) => setText(this.#cells[name], text);
    say("Channel", `${mapName} ${grant.channel}`);
    say("Server", grant.server_id);
    say("Position", at ? `${at.x.toFixed(1)}, ${at.y.toFixed(1)}` : "?");
    say("Players", players === null ? "?" : String(players));
    say("In view", String([...session.world.entities()].length));
    say("Transport", spectator.transport);
    say("Jitter", `${display.clock.jitterMs.toFixed(1)} ms`);
    say("Down", `${each("bytesIn")} kB/s`);
    say("Up", `${each("bytesOut")} kB/s`);
    say("Frame", `${frameMs.toFixed(1)} ms`);
    this.#last = now;
  }
}
