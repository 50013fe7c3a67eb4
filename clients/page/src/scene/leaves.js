// Leaves that drift with the wind over maps that ask for them.

import { noise } from "./edges.js";

const COLOURS = ["#7ea348", "#a3b04a", "#c9a345"];
/** Beyond the edge of the view a leaf comes back on the other side. */
const MARGIN_PX = 8;
/** How quickly they drift to the east and sink, in pixels of the world a second; each by up to half as much again. */
const DRIFT_PX = 14;
const SINK_PX = 9;
const SWAY_PX = 5;
/** How long a leaf shows one of its sides. */
const TURN_MS = 260;

/**
 * Where a leaf is in the view, at a moment. It drifts over the world, so that it does not follow the camera.
 * @param {number} number Which one.
 * @param {{ x: number, y: number, width: number, height: number }} view
 */
export function leafAt(number, nowMs, view) {
  const share = (salt) => noise(number, salt, 17);
  const seconds = nowMs / 1000;
  const east = DRIFT_PX * (1 + share(1) / 2) * seconds;
  const south = SINK_PX * (1 + share(2) / 2) * seconds + SWAY_PX * Math.sin(seconds * (1 + share(3)) + number);
  const across = view.width + 2 * MARGIN_PX;
  const along = view.height + 2 * MARGIN_PX;
  return {
    x: Math.round(remainder(share(4) * across + east - view.x, across) - MARGIN_PX),
    y: Math.round(remainder(share(5) * along + south - view.y, along) - MARGIN_PX),
  };
}

function remainder(value, of) {
  return ((value % of) + of) % of;
}

/** Draws those that are in view. None drifts where nothing is to move by itself. */
export function drawLeaves(context, { view, nowMs, leaves, isStill }) {
  if (isStill) return;
  for (let number = 0; number < leaves; number += 1) {
    const { x, y } = leafAt(number, nowMs, view);
    const isFlat = Math.floor(nowMs / TURN_MS + number) % 2 === 0;
    context.fillStyle = COLOURS[number % COLOURS.length];
    context.fillRect(x, y, isFlat ? 3 : 2, isFlat ? 1 : 2);
  }
}
