// What lies on the ground: portals, safe zones, areas of abilities, and where blows are about to fall.

import { TILE_PX, UNITS_PER_PX } from "./camera.js";
import { drawFrame } from "./effects.js";
import { Kept } from "./kept.js";
import { areaColour } from "./looks.js";
import { radians } from "./motion.js";
import { areaRadius, coneWidth, rangePx } from "./shapes.js";
import { drawPlaque } from "./tags.js";

/** From so near a portal tells where it leads, and the edge of a safe zone is seen. */
const PORTAL_NEAR_PX = 7 * TILE_PX;
const ZONE_NEAR_PX = 6 * TILE_PX;
const WARD_STEP_PX = 16;
/** How large a ward is, from its middle, and how far on either side of the edge one must be able to walk. */
const WARD_PX = 3;
const WARD_OPEN_PX = 4.5;
const GOAL_MS = 450;
/** How high a portal's swirl reaches over its middle, in pixels of the world, and how far over it its name is, in those of the
 * screen. */
const SWIRL_PX = 26;
const LABEL_LIFT_PX = 20;
/** Sizes of portals whose light is kept, in a generation. */
const GLOWS = 16;

/** A place of the map in pixels. */
function boxOf({ x, y, width, height }) {
  return { x: x / UNITS_PER_PX, y: y / UNITS_PER_PX, width: width / UNITS_PER_PX, height: height / UNITS_PER_PX };
}

function awayFrom({ x, y }, box) {
  const dx = Math.max(box.x - x, 0, x - box.x - box.width);
  const dy = Math.max(box.y - y, 0, y - box.y - box.height);
  return Math.hypot(dx, dy);
}

/** Draws portals and the edges of safe zones. */
export function drawPlaces(context, places, frame) {
  for (const place of places) {
    if (place.kind === "Portal") drawPortal(context, boxOf(place), frame);
    else if (place.kind === "SafeZone") drawZone(context, boxOf(place), frame);
  }
}

/** A glow on all of its ground, and one swirl in the middle, in front of which everybody stands. */
function drawPortal(context, box, { view, nowMs, effects, isStill }) {
  const strip = effects.strip("portal");
  const middle = middleOf(box);
  context.drawImage(glowOf(box.width, box.height), Math.round(box.x) - view.x, Math.round(box.y) - view.y);
  if (!strip) return;
  const frame = isStill ? 0 : Math.floor(nowMs / 110) % strip.frames;
  drawFrame(context, strip, frame, middle.x - view.x, middle.y - view.y);
}

/** The middle of a portal's swirl. It stands on its ground, and does not hang over it. */
function middleOf({ x, y, width, height }) {
  return { x: Math.round(x + width / 2), y: Math.round(y + Math.min(height / 2, height - SWIRL_PX)) };
}

const glows = new Kept(GLOWS);

/** A soft light on the ground of a portal, by its size. */
function glowOf(width, height) {
  const key = `${width} ${height}`;
  const known = glows.get(key);
  if (known) return known;
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  context.scale(width / 2, height / 2);
  const light = context.createRadialGradient(1, 1, 0.1, 1, 1, 1);
  light.addColorStop(0, "rgba(176, 140, 255, 0.5)");
  light.addColorStop(1, "rgba(150, 110, 255, 0)");
  context.fillStyle = light;
  context.fillRect(0, 0, 2, 2);
  return glows.set(key, canvas);
}

/** Glowing wards along the edge where one can walk over it: elsewhere a wall shows it. */
function drawZone(context, box, { view, own, nowMs, palette, isOpen }) {
  if (!own) return;
  context.fillStyle = palette.blessing;
  const beat = 0.75 + 0.15 * Math.sin(nowMs / 500);
  eachWard(box, (x, y, dx, dy) => {
    const far = Math.hypot(x - own.x, y - own.y);
    if (far > ZONE_NEAR_PX || !isOpen(x - dx, y - dy) || !isOpen(x + dx, y + dy)) return;
    drawWard(context, Math.round(x) - view.x, Math.round(y) - view.y, beat * (1 - far / ZONE_NEAR_PX));
  });
  context.globalAlpha = 1;
}

/** Calls back for each ward with its middle, and the way across the edge. */
function eachWard({ x, y, width, height }, callback) {
  for (let at = WARD_STEP_PX / 2; at < width; at += WARD_STEP_PX) {
    callback(x + at, y, 0, WARD_OPEN_PX);
    callback(x + at, y + height, 0, WARD_OPEN_PX);
  }
  for (let at = WARD_STEP_PX / 2; at < height; at += WARD_STEP_PX) {
    callback(x, y + at, WARD_OPEN_PX, 0);
    callback(x + width, y + at, WARD_OPEN_PX, 0);
  }
}

/** A small rhombus, and its light on the ground. */
function drawWard(context, x, y, alpha) {
  context.globalAlpha = alpha * 0.22;
  context.beginPath();
  context.ellipse(x + 0.5, y + 0.5, WARD_PX * 2.5, WARD_PX * 1.6, 0, 0, 2 * Math.PI);
  context.fill();
  context.globalAlpha = alpha;
  for (let row = -WARD_PX; row <= WARD_PX; row += 1) {
    const half = WARD_PX - Math.abs(row);
    context.fillRect(x - half, y + row, 2 * half + 1, 1);
  }
}

/** Writes over near portals where they lead. */
export function drawPortalNames(context, places, frame) {
  if (!frame.own) return;
  for (const place of places) {
    const box = boxOf(place);
    if (place.kind !== "Portal" || awayFrom(frame.own, box) > PORTAL_NEAR_PX) continue;
    const margin = 40;
    const x = Math.min(
      Math.max(box.x + box.width / 2, frame.view.x + margin),
      frame.view.x + frame.view.width - margin,
    );
    const y = Math.max(middleOf(box).y - SWIRL_PX - LABEL_LIFT_PX / frame.camera.zoom, frame.view.y + 24);
    drawPlaque(context, `To ${frame.mapName(place.to_map)}`, "#f3ecff", x, y, frame);
  }
}

/** Draws the mark on the ground to which the player has clicked to walk. */
export function drawGoal(context, { x, y, sinceMs }, { view, nowMs, palette, isStill }) {
  const share = (nowMs - sinceMs) / GOAL_MS;
  if (share < 0 || share >= 1) return;
  const wide = isStill ? 6 : 10 * (1 - share) + 3;
  context.globalAlpha = 0.9 * (1 - share);
  context.strokeStyle = palette.own;
  context.lineWidth = 1.5;
  context.beginPath();
  context.ellipse(Math.round(x) - view.x, Math.round(y) - view.y, wide, wide * 0.5, 0, 0, 2 * Math.PI);
  context.stroke();
  context.globalAlpha = 1;
}

/** Draws an area that lies on the ground. */
export function drawArea(context, actor, frame) {
  const index = actor.entity.components.Appearance.definition;
  const ability = frame.content.ability(index);
  if (!ability) return;
  const colour = areaColour(frame.palette, frame.content, index);
  const at = { x: actor.x, y: actor.y };
  drawCircle(context, at, areaRadius(ability), colour, frame, { alpha: actor.alpha(frame.nowMs), share: 1 });
}

/** Draws where a cast will fall: the cone of somebody who raises the arm, the circle that the player has chosen. */
export function drawTelegraph(context, actor, frame) {
  const ability = frame.content.ability(actor.cast.ability);
  if (!ability) return;
  const tick = actor.isOwn ? frame.ownTick : frame.tick;
  const ticks = Math.max((ability.cast_ms * frame.tickHz) / 1000, 1);
  const share = Math.min(Math.max(1 - (actor.cast.until - tick) / ticks, 0), 1);
  const colour = areaColour(frame.palette, frame.content, actor.cast.ability);
  if (ability.shape === "Cone") drawCone(context, actor, ability, colour, frame, share);
  const aim = actor.isOwn ? frame.aimOf(actor.cast.ability) : null;
  if (ability.shape === "Ground" && aim)
    drawCircle(context, aim, areaRadius(ability), colour, frame, { alpha: 1, share });
}

function drawCone(context, actor, ability, colour, { view }, share) {
  const [x, y] = [Math.round(actor.x) - view.x, Math.round(actor.y) - view.y];
  const [middle, half] = [radians(actor.entity.facing ?? 0), coneWidth(ability) / 2];
  const sector = (far) => {
    context.beginPath();
    context.moveTo(x, y);
    context.arc(x, y, far, middle - half, middle + half);
    context.closePath();
  };
  context.fillStyle = colour;
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.globalAlpha = 0.18;
  sector(rangePx(ability));
  context.fill();
  context.globalAlpha = 0.6;
  context.stroke();
  context.globalAlpha = 0.28;
  sector(rangePx(ability) * share);
  context.fill();
  context.globalAlpha = 1;
}

function drawCircle(context, at, radius, colour, { view, nowMs, isStill }, { alpha, share }) {
  const [x, y] = [Math.round(at.x) - view.x, Math.round(at.y) - view.y];
  context.fillStyle = colour;
  context.strokeStyle = colour;
  context.globalAlpha = 0.2 * alpha;
  context.beginPath();
  context.arc(x, y, radius * share, 0, 2 * Math.PI);
  context.fill();
  context.globalAlpha = 0.75 * alpha;
  context.lineWidth = 2;
  context.setLineDash([10, 6]);
  context.lineDashOffset = isStill ? 0 : -nowMs / 60;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.stroke();
  context.setLineDash([]);
  context.globalAlpha = 1;
}
