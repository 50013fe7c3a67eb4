// How large things are on the screen, by what the server tells of them.

import { UNITS_PER_PX } from "./camera.js";

/** The angle that a cone covers, in radians. */
export function coneWidth(ability) {
  return (ability.cone_degrees / 180) * Math.PI;
}

/** The radius of a circle on the ground, in pixels of the world. */
export function areaRadius(ability) {
  return ability.radius / UNITS_PER_PX;
}

/** How near to the end of its flight a projectile reaches everybody, in pixels of the world; 0 if it does not burst. */
export function burstRadius(ability) {
  return ability.burst_radius / UNITS_PER_PX;
}

/** The range in pixels of the world. */
export function rangePx(ability) {
  return ability.range / UNITS_PER_PX;
}
