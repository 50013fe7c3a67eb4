// How abilities look, beyond the sizes that the server tells.

import { TILE_PX } from "./camera.js";
import { rangePx } from "./shapes.js";

/** Up to this range, in tiles, a blow is struck by hand. */
const MELEE_TILES = 3;

/** A mob with a body of so many units, or more, is a boss: 1,024 to a tile. */
const BOSS_RADIUS = 512;

/** Whether a kind of mob is a boss, who is told apart from others. */
export function isBoss(mob) {
  return Boolean(mob?.aggressive) && mob.radius >= BOSS_RADIUS;
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
