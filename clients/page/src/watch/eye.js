// Where a watcher looks: moved by keys, the mouse and fingers, or led by somebody whom it follows. In units, 1,024 to a tile.

import { UNITS_PER_TILE } from "../../../js/src/index.js";
import { actionOf } from "../controls/keys.js";
import { UNITS_PER_PX } from "../scene/camera.js";

/** How far a held key moves the view in a second. */
const UNITS_PER_S = 14 * UNITS_PER_TILE;
/** A frame that took longer moves it no farther than this. */
const MAX_PASSED_MS = 100;
/** A press that moves farther is no click. */
const CLICK_PX = 8;
const WAYS = { up: [0, -1], down: [0, 1], left: [-1, 0], right: [1, 0] };

/** The eye of a watcher. */
export class Eye {
  /** Where it is, in units; null until it is set. */
  at = null;
  /** Whom it follows; null for nobody. */
  followed = null;
  #held = new Set();
  #press = null;
  #options;
  #listening = new AbortController();

  /**
   * @param {{ canvas: HTMLCanvasElement, scene: () => import("../scene/scene.js").Scene, settings: { get(name: string): any },
   *   onFollow: (entity: number | null) => void }} options `onFollow` is told whom a click means; null for letting go.
   */
  constructor(options) {
    this.#options = options;
    const { canvas } = options;
    const { signal } = this.#listening;
    addEventListener("keydown", (event) => this.#down(event), { signal });
    addEventListener("keyup", ({ code }) => this.#held.delete(this.#wayOf(code)), { signal });
    addEventListener("blur", () => this.#held.clear(), { signal });
    canvas.addEventListener("pointerdown", (event) => this.#begin(event, canvas), { signal });
    canvas.addEventListener("pointermove", (event) => this.#drag(event), { signal });
    canvas.addEventListener("pointerup", (event) => this.#release(event), { signal });
    canvas.addEventListener("pointercancel", () => (this.#press = null), { signal });
    // Fingers neither scroll nor zoom the world.
    canvas.style.touchAction = "none";
  }

  /**
   * Moves on for a frame.
   * @param {{ x: number, y: number } | null} followedAt Where whom it follows is; null while that is not known.
   * @param {{ width: number, height: number } | null} grid The map, in tiles.
   * @param {number} passedMs
   */
  advance(followedAt, grid, passedMs) {
    if (this.followed !== null && followedAt) this.at = { ...followedAt };
    if (this.#held.size > 0 && this.at) this.#walk(Math.min(passedMs, MAX_PASSED_MS));
    if (this.at && grid) this.at = within(this.at, grid);
  }

  close() {
    this.#listening.abort();
  }

  #wayOf(code) {
    const action = actionOf(code, this.#options.settings.get("keys"));
    return action in WAYS ? action : null;
  }

  #down(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.code === "Escape") this.#options.onFollow(null);
    const way = this.#wayOf(event.code);
    if (!way) return;
    // Arrows do not scroll.
    event.preventDefault();
    this.#held.add(way);
    if (this.followed !== null) this.#options.onFollow(null);
  }

  #walk(passedMs) {
    const step = (UNITS_PER_S * passedMs) / 1000;
    for (const way of this.#held) {
      const [x, y] = WAYS[way];
      this.at = { x: this.at.x + x * step, y: this.at.y + y * step };
    }
  }

  #begin(event, canvas) {
    if (event.button !== 0) return;
    try {
      canvas.setPointerCapture(event.pointerId);
    } catch {
      // The pointer is gone already: there is nothing to follow.
    }
    const { clientX, clientY, pointerId } = event;
    this.#press = { pointerId, clientX, clientY, from: { clientX, clientY }, isDrag: false };
  }

  #drag({ pointerId, clientX, clientY }) {
    const press = this.#press;
    if (press?.pointerId !== pointerId || !this.at) return;
    const way = Math.hypot(clientX - press.from.clientX, clientY - press.from.clientY);
    if (!press.isDrag && way < CLICK_PX) return;
    if (!press.isDrag && this.followed !== null) this.#options.onFollow(null);
    press.isDrag = true;
    const units = this.#options.scene().pxPerClientPx * UNITS_PER_PX;
    const moved = { x: (press.clientX - clientX) * units, y: (press.clientY - clientY) * units };
    this.at = { x: this.at.x + moved.x, y: this.at.y + moved.y };
    [press.clientX, press.clientY] = [clientX, clientY];
  }

  #release({ pointerId, clientX, clientY }) {
    const press = this.#press;
    if (press?.pointerId !== pointerId) return;
    this.#press = null;
    if (press.isDrag) return;
    const entity = this.#options.scene().entityAt(clientX, clientY);
    if (entity !== null) this.#options.onFollow(entity);
  }
}

function within({ x, y }, { width, height }) {
  const limit = (units, tiles) => Math.min(Math.max(units, 0), tiles * UNITS_PER_TILE - 1);
  return { x: limit(x, width), y: limit(y, height) };
}
