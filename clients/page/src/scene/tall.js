// Things that are taller than a tile: trees, boulders, roofs.

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

/** Draws a tall thing: one that hides the player, or who the player means, is translucent. */
export function drawTall(context, tall, { view, own, target, hovered }) {
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
}

function hides({ picture, x, y }, actor) {
  if (!actor || actor.y >= y - 2 || actor.y < y - picture.height + 8) return false;
  return Math.abs(actor.x - x) < picture.width / 2 + REACH_PX;
}
