// How figures look and step, by where they go. No canvas.

/** Rows of a figure's picture. */
export const DOWN = 0;
export const UP = 1;
export const RIGHT = 2;
export const LEFT = 3;

/** Columns of a figure's picture. */
export const IDLE = 0;
export const WALK = 1;
export const WALK_FRAMES = 4;
export const WIND_UP = 5;
export const STRIKE = 6;
export const DEAD = 7;
/** Made of the idle column, not part of the picture: the figure has breathed out. */
export const EXHALED = 8;

const BREATH_MS = 2_600;
/** No two figures breathe at the same time: so much later each does than the one with the id before. */
const BREATH_SHIFT_MS = 397;

/** The column of a figure that stands, by when and who. */
export function breathColumn(nowMs, id) {
  return (nowMs + id * BREATH_SHIFT_MS) % BREATH_MS < BREATH_MS / 2 ? IDLE : EXHALED;
}

/** How much longer the other axis must be before a figure turns: on a diagonal it does not flicker. */
const TURN_SHARE = 1.25;
/** Pixels that a figure walks with one frame: two steps make a stride of four frames. */
export const STRIDE_PX = 11;

/** The row for a vector, given the row shown before. */
export function rowOf(dx, dy, before = DOWN) {
  const [across, along] = [Math.abs(dx), Math.abs(dy)];
  if (across === 0 && along === 0) return before;
  const wasAcross = before === LEFT || before === RIGHT;
  const isAcross = wasAcross ? across * TURN_SHARE >= along : across > along * TURN_SHARE;
  if (isAcross) return dx < 0 ? LEFT : RIGHT;
  return dy < 0 ? UP : DOWN;
}

/** The row for a direction, 0 (east) to 255. */
export function rowOfAngle(angle, before = DOWN) {
  const turn = (angle / 256) * 2 * Math.PI;
  return rowOf(Math.cos(turn), Math.sin(turn), before);
}

/** The column of a walk, by how far the figure has walked: so its feet do not slide. */
export function walkColumn(walkedPx, stridePx = STRIDE_PX) {
  return WALK + (Math.floor(walkedPx / stridePx) % WALK_FRAMES);
}

/** The direction in radians of an angle of the protocol. */
export function radians(angle) {
  return (angle / 256) * 2 * Math.PI;
}
