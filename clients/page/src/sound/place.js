// How loud a sound is by where it is, and on which side it is played. No browser.

import { TILE_PX } from "../scene/camera.js";

/** What is farther away is not played. */
const EARSHOT_PX = 14 * TILE_PX;
/** What is nearer than this is as loud as can be. */
const NEAR_PX = 1.5 * TILE_PX;
/** So far to a side it is played nearly on that side alone. */
const ASIDE_PX = 9 * TILE_PX;
/** Nothing is played on one side alone. */
const MOST_PAN = 0.8;

/** Where the own character is. */
export const HERE = Object.freeze({ gain: 1, pan: 0 });

/**
 * How loud something is, and from which side it comes (-1 is left, 1 is right); null for what is out of earshot.
 * @param {number} dx So far to the right of the own character, in pixels of the world.
 * @param {number} dy So far below it.
 */
export function placeOf(dx, dy) {
  const far = Math.hypot(dx, dy);
  if (!(far < EARSHOT_PX)) return null;
  const left = Math.min((EARSHOT_PX - far) / (EARSHOT_PX - NEAR_PX), 1);
  const pan = Math.max(-MOST_PAN, Math.min((dx / ASIDE_PX) * MOST_PAN, MOST_PAN));
  return { gain: left * left, pan };
}
