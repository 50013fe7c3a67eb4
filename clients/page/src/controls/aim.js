// What an ability is aimed at, by its shape. Nothing here knows of a screen.

import { angleBetween, scaled } from "../../../js/src/index.js";

/** How far ahead an ability on the ground is aimed where nothing else says, as a share of its range. */
const AHEAD = 0.5;

/**
 * What is known when an ability is used: places in units.
 * @typedef {{ own: { x: number, y: number }, facing: number, target: { id: number, kind: string, isDead: boolean,
 *   place: { x: number, y: number } } | null, pointer: { x: number, y: number } | null }} Situation
 */

/**
 * The aim of an ability, and the point at which it is aimed; null if it needs a target and has none.
 * @param {Pick<import("../../../js/src/index.js").AbilityInfo, "shape" | "range" | "friendly">} ability
 * @param {Situation} situation `pointer` is where the mouse points, and null for other ways to play.
 * @returns {{ aim: import("../../../js/src/index.js").Aim, at: { x: number, y: number } } | null}
 */
export function aimOf({ shape, range, friendly }, { own, facing, target, pointer }) {
  const isEnemy = target !== null && target.kind === "Mob" && !target.isDead;
  switch (shape) {
    case "Own":
      return { aim: { type: "None" }, at: own };
    case "Enemy":
      return isEnemy ? atEntity(target) : null;
    case "Ally":
      return target !== null && target.kind === "Player" ? atEntity(target) : { aim: { type: "None" }, at: own };
    case "Ground":
      return atPoint(
        within(own, groundPoint(range, friendly, { own, facing, target: isEnemy ? target : null, pointer }), range),
      );
    default:
      // A cone or a projectile: to the pointer, else to the target, else ahead.
      return towards(own, pointer ?? (isEnemy ? target.place : null), facing, range);
  }
}

function atEntity({ id, place }) {
  return { aim: { type: "Entity", entity: id }, at: place };
}

function atPoint(point) {
  return { aim: { type: "Point", point }, at: point };
}

function towards(own, point, facing, range) {
  const direction = point && isApart(own, point) ? angleBetween(own, rounded(point)) : facing;
  const { dx, dy } = scaled(direction, Math.max(range, 1));
  return { aim: { type: "Direction", direction }, at: point ?? { x: own.x + dx, y: own.y + dy } };
}

function groundPoint(range, friendly, { own, facing, target, pointer }) {
  if (pointer) return pointer;
  if (friendly) return own;
  if (target) return target.place;
  const { dx, dy } = scaled(facing, Math.round(range * AHEAD));
  return { x: own.x + dx, y: own.y + dy };
}

/** The point, or the farthest one on the way to it that is in range. */
export function within(own, point, range) {
  const far = Math.hypot(point.x - own.x, point.y - own.y);
  // A little less, for what is lost by rounding.
  const share = far > range ? (range - 8) / far : 1;
  return rounded({ x: own.x + (point.x - own.x) * share, y: own.y + (point.y - own.y) * share });
}

/** A point in whole units, as the protocol has them. */
export function rounded({ x, y }) {
  return { x: Math.max(Math.round(x), 0), y: Math.max(Math.round(y), 0) };
}

function isApart(one, other) {
  return Math.hypot(one.x - other.x, one.y - other.y) > 64;
}
