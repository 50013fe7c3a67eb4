// One look at a channel: the scene, the eye, and what lies over them, frame by frame.

import { Spectator, UNITS_PER_TILE, tiles } from "../../../js/src/index.js";
import { h, setShown, setText } from "../dom.js";
import { nameOf } from "../hud/names.js";
import { UNITS_PER_PX } from "../scene/camera.js";
import { Scene } from "../scene/scene.js";
import { watchWords } from "../words/errors.js";
import { Eye } from "./eye.js";
import { Overlay } from "./overlay.js";
import { Roster } from "./roster.js";

/** Time between two looks of the lists at the world. */
const LISTS_EVERY_MS = 250;
/** Time between two questions how many play on the channel. */
const COUNT_EVERY_MS = 5000;
/** Whoever is followed and out of sight for so long is let go. */
const LOST_SIGHT_MS = 3000;

/** One look at a channel. */
export class Watching {
  #options;
  #spectator = null;
  #scene;
  #eye;
  #roster = new Roster({ onFollow: (entity) => this.#follow(entity) });
  #overlay = new Overlay();
  #banner = h("p.banner.watch-banner", { role: "status", hidden: true });
  #led = h("p.watch-led", { role: "status" });
  #selection = { target: null, hovered: null, boss: null };
  #players = null;
  #nextListsMs = 0;
  #seenMs = 0;
  #lastMs = 0;
  #isOver = false;
  #timer = 0;
  #resizing;

  constructor(options) {
    this.#options = options;
    this.canvas = h("canvas.world", { "aria-label": "The world", role: "img", tabIndex: 0 });
    const leave = h("button.small", { type: "button", onclick: () => this.#leave() }, "Other channels");
    const help = "Drag, or use the arrow keys or WASD, to look around. Click a character to follow it; press Escape to stop.";
    this.element = h(
      "div.game.watch",
      {},
      this.canvas,
      h("div.watch-top", {}, this.#banner, this.#led),
      h("aside.watch-side", { "aria-label": "Channel details" }, leave, this.#overlay.element, this.#roster.element),
      h("p.watch-help.quiet", {}, help),
    );
  }

  /**
   * Begins to watch. Rejects as `Spectator.watch`.
   * @param {{ api: import("../../../js/src/index.js").Api, token: string, assets: import("../assets.js").Assets,
   *   settings: import("../settings.js").Settings, watched: import("../../../js/src/spectator.js").Watched,
   *   onLeave: () => void, onGaveUp: (error: Error) => void }} options
   */
  static async begin(options) {
    const watching = new Watching(options);
    watching.#spectator = await Spectator.watch(options.api, options.token, options.watched, {
      onEvent: (event) => watching.#hear(event),
    });
    watching.#furnish();
    return watching;
  }

  focus() {
    this.canvas.focus();
  }

  #furnish() {
    const { assets, settings } = this.#options;
    const { canvas } = this;
    const eye = () => this.#eyeInPixels();
    this.#scene = new Scene(canvas, { player: this.#spectator, assets, settings, selection: this.#selection, eye });
    this.#eye = new Eye({ canvas, scene: () => this.#scene, settings, onFollow: (entity) => this.#follow(entity) });
    const { spawn_pos: first } = this.#spectator.grant;
    if (first) this.#eye.at = { x: first.x * UNITS_PER_TILE, y: first.y * UNITS_PER_TILE };
    this.#resizing = new ResizeObserver(() => this.#scene.resize());
    this.#resizing.observe(canvas);
    document.title = `Watch ${this.#mapName}`;
    this.#count();
    this.#say("");
    requestAnimationFrame((nowMs) => this.#draw(nowMs));
  }

  get #mapName() {
    return this.#options.assets.mapName(this.#spectator.grant.map_id);
  }

  #eyeInPixels() {
    const at = this.#eye?.at;
    return at ? { x: at.x / UNITS_PER_PX, y: at.y / UNITS_PER_PX } : null;
  }

  #draw(nowMs) {
    if (this.#isOver) return;
    requestAnimationFrame((next) => this.#draw(next));
    const passedMs = nowMs - (this.#lastMs || nowMs);
    this.#lastMs = nowMs;
    const [spectator, eye] = [this.#spectator, this.#eye];
    spectator.show();
    eye.at ??= spectator.viewpoint;
    eye.advance(this.#placeOfFollowed(nowMs), spectator.session.grid, passedMs);
    if (eye.at) spectator.look(eye.at, eye.followed);
    this.#scene.draw(nowMs);
    if (nowMs < this.#nextListsMs) return;
    this.#nextListsMs = nowMs + LISTS_EVERY_MS;
    this.#roster.update(spectator.session, eye.followed);
    this.#overlay.update(spectator, {
      ...{ nowMs, players: this.#players, mapName: this.#mapName },
      frameMs: this.#scene.stats().p50,
      at: eye.at && { x: tiles(eye.at.x), y: tiles(eye.at.y) },
    });
  }

  /** Where whom the eye follows is. Whoever is out of sight for long is let go. */
  #placeOfFollowed(nowMs) {
    const { followed } = this.#eye;
    if (followed === null) return null;
    const place = this.#spectator.place(followed);
    if (place || !this.#spectator.isConnected) this.#seenMs = nowMs;
    else if (nowMs - this.#seenMs > LOST_SIGHT_MS) this.#follow(null);
    return place;
  }

  #follow(entity) {
    if (entity === this.#eye.followed) return;
    this.#eye.followed = entity;
    this.#selection.target = entity;
    this.#seenMs = performance.now();
    const { session } = this.#spectator;
    this.#say(entity === null ? "" : nameOf(session, session.world.entity(entity)));
    this.#nextListsMs = 0;
  }

  #say(name) {
    setText(this.#led, name ? `Following ${name}. Press Escape to stop.` : "");
  }

  /** How many play on the channel: those who are out of view, too. */
  async #count() {
    const { api, token } = this.#options;
    const { map_id: map, channel, server_id: server } = this.#spectator.grant;
    try {
      const all = await api.watchable(token);
      const isThis = (one) => one.map_id === map && one.channel === channel && one.server_id === server;
      this.#players = all.find(isThis)?.players ?? null;
    } catch {
      this.#players = null;
    }
    if (!this.#isOver) this.#timer = setTimeout(() => this.#count(), COUNT_EVERY_MS);
  }

  #hear(event) {
    if (this.#isOver) return;
    if (event.type === "Lost") this.#warn("Connection lost. Reconnecting…");
    if (event.type === "Waits") this.#warn(`${watchWords(event.error).title}. Retrying…`);
    if (event.type === "Entered") this.#entered();
    if (event.type === "GaveUp") {
      this.close();
      this.#options.onGaveUp(event.error);
    }
  }

  #warn(text) {
    setText(this.#banner, text);
    setShown(this.#banner, text !== "");
  }

  /** Whoever was followed may be another in a world that has begun anew. */
  #entered() {
    this.#follow(null);
    this.#warn("");
  }

  #leave() {
    this.close();
    this.#options.onLeave();
  }

  close() {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#spectator.close();
    this.#eye?.close();
    this.#scene?.close();
    this.#resizing?.disconnect();
  }
}
