// Things that are taller than a tile: trees, boulders, roofs.

import { Kept } from "./kept.js";
import { shadowOf } from "./shadows.js";

/** How much of a thing is seen that hides somebody who matters. */
const THROUGH = 0.4;
/** Whoever is in a house sees the room, and a breath of its roof. */
const THROUGH_ROOF = 0.1;
const WIDEST_SHADOW_PX = 44;
/** The shadow of a roof on the wall below it, and how far it reaches, in pixels. */
const EAVES_SHADE = "rgba(18, 12, 10, 0.72)";
const EAVES_PX = 5;
/** How far beside a thing somebody is still hidden, in pixels. */
const REACH_PX = 5;
/** How quickly it changes, as a share for each frame. */
const CHANGE = 0.2;
/** How far below its top a lamp burns, in pixels. */
const LAMP_PX = 9;
/** Sizes of lights that are kept, in a generation. */
const GLOWS = 8;
const glows = new Kept(GLOWS);

/** Draws a tall thing: one that hides the player, or who the player means, is translucent. */
export function drawTall(context, tall, { view, own, target, hovered, nowMs, isStill }) {
  const { picture } = tall;
  const [left, top] = [tall.x - picture.width / 2, tall.y - picture.height];
  const through = tall.isRoof ? THROUGH_ROOF : THROUGH;
  const isHiding = hides(tall, own) || hides(tall, target) || hides(tall, hovered);
  tall.alpha += ((isHiding ? through : 1) - tall.alpha) * CHANGE;
  if (!tall.hasFoot && !tall.isRoof) {
    const shadow = shadowOf(Math.min(picture.width * 1.1, WIDEST_SHADOW_PX));
    context.drawImage(shadow, tall.x - (shadow.width >> 1) - view.x, tall.y - 4 - (shadow.height >> 1) - view.y);
  }
  if (tall.alpha < 0.98) context.globalAlpha = tall.alpha;
  context.drawImage(picture, left - view.x, top - view.y);
  if (tall.isRoof) {
    context.fillStyle = EAVES_SHADE;
    context.fillRect(left - view.x, tall.y - view.y, picture.width, EAVES_PX);
  }
  context.globalAlpha = 1;
  if (tall.light > 0) drawLight(context, tall, view, isStill ? 1 : flicker(nowMs, tall.x + tall.y));
}

/** How bright a flame is at a moment, 0.7 to 1: two waves that never meet in the same way, other ones at each place. */
export function flicker(nowMs, place) {
  return 0.85 + 0.15 * Math.sin(nowMs / 170 + place) * Math.sin(nowMs / 613 + place * 3);
}

function drawLight(context, { picture, x, y, light }, view, strength) {
  const glow = glowOf(light);
  context.globalAlpha = strength;
  context.drawImage(glow, x - light - view.x, y - picture.height + LAMP_PX - light - view.y);
  context.globalAlpha = 1;
}

/** A round light, by how far it reaches. */
function glowOf(radius) {
  const known = glows.get(radius);
  if (known) return known;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [2 * radius, 2 * radius];
  const context = canvas.getContext("2d");
  const light = context.createRadialGradient(radius, radius, 1, radius, radius, radius);
  light.addColorStop(0, "rgba(255, 214, 120, 0.5)");
  light.addColorStop(0.4, "rgba(255, 190, 90, 0.16)");
  light.addColorStop(1, "rgba(255, 180, 80, 0)");
  context.fillStyle = light;
  context.fillRect(0, 0, 2 * radius, 2 * radius);
  return glows.set(radius, canvas);
}

function hides({ picture, x, y }, actor) {
  if (!actor || actor.y >= y - 2 || actor.y < y - picture.height + 8) return false;
  return Math.abs(actor.x - x) < picture.width / 2 + REACH_PX;
}
