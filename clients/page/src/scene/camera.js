// Which part of the world is on the screen. Pixels of the world: 32 to a tile.

export const TILE_PX = 32;
/** Units of the protocol in a pixel of the world. */
export const UNITS_PER_PX = 1024 / TILE_PX;
/** Tiles that a screen shows at about this many: on a wide screen, and on a tall one. */
const WIDE_TILES = { x: 20, y: 12 };
const TALL_TILES = 12;
const MIN_ZOOM = 2;
const MAX_ZOOM = 6;
/** In so many milliseconds the camera makes good half of its way. */
const HALF_LIFE_MS = 70;
/** From beyond this many pixels it jumps. */
const JUMP_PX = 10 * TILE_PX;

/** How many pixels of the screen a pixel of the world takes: always whole ones. */
export function zoomFor(width, height) {
  const isWide = width >= height;
  const wide = (width / (WIDE_TILES.x * TILE_PX) + height / (WIDE_TILES.y * TILE_PX)) / 2;
  const zoom = Math.round(isWide ? wide : width / (TALL_TILES * TILE_PX));
  return Math.min(Math.max(zoom, MIN_ZOOM), MAX_ZOOM);
}

/** Where a view begins so that a point is in its middle, and nothing beyond the world is seen. */
export function viewStart(point, view, world) {
  if (world <= view) return Math.round((world - view) / 2);
  return Math.round(Math.min(Math.max(point - view / 2, 0), world - view));
}

/** A whole number near a value that stays as it is while the value only trembles. */
export function steadyRound(value, before) {
  return Math.abs(value - before) < 0.8 ? before : Math.round(value);
}

/** Follows the player, a little behind. */
export class Camera {
  /** Pixels of the screen to one of the world. */
  zoom = MIN_ZOOM;
  /** The view in the world, in its pixels. */
  x = 0;
  y = 0;
  width = 0;
  height = 0;
  #before = null;
  /** How far it is behind the player, and what of it is shown: in whole pixels, so that the player does not tremble. */
  #behind = { x: 0, y: 0 };
  #shown = { x: 0, y: 0 };
  #shake = 0;

  /** The screen has this many pixels. */
  resize(width, height) {
    this.zoom = zoomFor(width, height);
    this.width = Math.ceil(width / this.zoom);
    this.height = Math.ceil(height / this.zoom);
  }

  /** From the next frame on the player is in the middle at once. */
  jump() {
    this.#before = null;
  }

  /** Lets the view tremble for a moment. */
  shake(px) {
    this.#shake = Math.max(this.#shake, px);
  }

  /**
   * Moves on.
   * @param {{ x: number, y: number }} to The player, in pixels of the world.
   * @param {{ width: number, height: number }} world Its size in pixels.
   * @param {number} passedMs
   */
  follow(to, world, passedMs) {
    const moved = this.#before ? { x: to.x - this.#before.x, y: to.y - this.#before.y } : { x: 0, y: 0 };
    const isJump = !this.#before || Math.hypot(moved.x, moved.y) > JUMP_PX;
    this.#before = { ...to };
    const kept = isJump ? 0 : 2 ** (-passedMs / HALF_LIFE_MS);
    for (const axis of ["x", "y"]) {
      this.#behind[axis] = (this.#behind[axis] + moved[axis]) * kept;
      this.#shown[axis] = steadyRound(this.#behind[axis], this.#shown[axis]);
    }
    this.x = viewStart(Math.round(to.x) - this.#shown.x, this.width, world.width);
    this.y = viewStart(Math.round(to.y) - this.#shown.y, this.height, world.height);
    if (this.#shake > 0) this.#tremble(passedMs);
  }

  #tremble(passedMs) {
    this.x += Math.round((Math.random() - 0.5) * 2 * this.#shake);
    this.y += Math.round((Math.random() - 0.5) * 2 * this.#shake);
    this.#shake = Math.max(this.#shake - passedMs / 50, 0);
  }
}
