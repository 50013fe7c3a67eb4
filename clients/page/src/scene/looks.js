// How abilities look. How wide and how large they are is the game's data, which the server does not tell: these numbers
// are for pictures alone.

import { UNITS_PER_PX, TILE_PX } from "./camera.js";

const CONE_DEGREES = { cleave: 120, whirlwind: 360, holy_wave: 100, kings_sweep: 140 };
const AREA_TILES = { sanctuary: 3, rain_of_arrows: 2.5, grave_chill: 2.5 };
const USUAL_DEGREES = 100;
const USUAL_AREA_TILES = 2.5;
/** Up to this range, in tiles, a blow is struck by hand. */
const MELEE_TILES = 3;

/** The angle that a cone covers, in radians. */
export function coneWidth(ability) {
  return ((CONE_DEGREES[ability.id] ?? USUAL_DEGREES) / 180) * Math.PI;
}

/** The radius of an area in pixels of the world. */
export function areaRadius(ability) {
  return (AREA_TILES[ability.id] ?? USUAL_AREA_TILES) * TILE_PX;
}

/** The range in pixels of the world. */
export function rangePx(ability) {
  return ability.range / UNITS_PER_PX;
}

/** Whether it is a blow with a weapon in the hand. */
export function isMelee(ability) {
  return ability.shape === "Enemy" && rangePx(ability) <= MELEE_TILES * TILE_PX;
}

/** The picture of a projectile, by what is best of what there may be. */
export function projectilePaths(ability) {
  const usual = /arrow|shot|shoot/.test(ability.id) ? "arrow" : "bolt";
  return [ability.id, usual];
}

/** Whether players have an ability, and mobs do not: it does not harm players. */
export function isOfPlayers(content, index) {
  return content.classes.some(({ slots }) => slots.includes(index));
}

/** The colour of what lies on the ground by an ability. */
export function areaColour(palette, content, index) {
  const ability = content.ability(index);
  if (ability?.friendly) return palette.blessing;
  return isOfPlayers(content, index) ? palette.harm : palette.danger;
}
