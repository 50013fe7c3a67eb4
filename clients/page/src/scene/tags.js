// Names over heads, in the screen's own pixels, so that they can be read.

import { colourOf, isFigure, sheetOf } from "./figures.js";
import { isBoss } from "./looks.js";
import { marksOf } from "./marks.js";

/** A name that would lie on another is lifted so often at most. */
const MOST_LIFTS = 3;
/** How high somebody who lies reaches, as a share of its height when it stands. */
const LYING = 0.5;

/**
 * Draws the names of those in view, and of what the pointer is on: each where no other is. A bubble has its speaker's name in
 * it; names that it covers are left out, but for those that the player means.
 * @param {{ id: number, middle: number, wide: number, high: number, bottom: number }[]} bubbles
 */
export function drawTags(context, actors, frame, bubbles) {
  const { selection, settings } = frame;
  const showsNames = settings.get("names") !== false;
  const speaking = new Set(bubbles.map(({ id }) => id));
  const taken = [];
  for (const actor of actors) {
    if (actor.goneMs !== null || speaking.has(actor.id) || !frame.isInView(actor)) continue;
    // It is named over everything.
    if (actor.id === selection.boss) continue;
    const isMeant = actor.id === selection.hovered || actor.id === selection.target;
    if (isFigure(actor)) {
      const isNamed = isMeant || (showsNames && !actor.isOwn && actor.kind !== "Mob");
      if (isNamed && !(actor.entity.isDead && !isMeant)) drawName(context, actor, frame, { taken, bubbles, isMeant });
    } else if (isMeant) drawText(context, lootName(actor, frame), frame.palette.gold, actor.x, actor.y - 24, frame);
  }
}

function drawName(context, actor, frame, { taken, bubbles, isMeant }) {
  const sheet = sheetOf(actor, frame);
  if (!sheet) return;
  const label = frame.labels.get(nameOf(actor, frame), colourOf(actor, frame), frame.textSize);
  const at = placeOf(label, actor.x, actor.y - topOf(actor, sheet), frame);
  // Their lines may touch: what is over and under the letters is empty.
  const box = { ...at, right: at.left + label.width, bottom: at.top + label.height * 0.8 };
  for (let lift = 0; lift < MOST_LIFTS; lift += 1) {
    const other = taken.find((one) => overlap(one, box));
    if (!other) break;
    [box.top, box.bottom] = [other.top - label.height * 0.8, other.top];
  }
  if (!isMeant && bubbles.some((bubble) => overlap(edgesOf(bubble), box))) return;
  taken.push(box);
  context.drawImage(label, box.left, Math.round(box.top));
}

function overlap(one, other) {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}

function edgesOf({ middle, wide, high, bottom }) {
  return { left: middle - wide / 2, right: middle + wide / 2, top: bottom - high, bottom };
}

/** How high a figure reaches, in pixels of the world, with its bars and with the marks if there are any. The dead lie, and have neither. */
export function topOf({ entity }, sheet) {
  const tall = sheet?.tall ?? 0;
  return entity.isDead ? tall * LYING : tall + 11 + (marksOf(entity).length > 0 ? 11 : 0);
}

/** What somebody is called, with the level. */
export function nameOf({ kind, entity }, { content }) {
  const { definition, level } = entity.components.Appearance;
  if (kind === "Mob") {
    const mob = content.mobs[definition];
    return isBoss(mob) ? `${mob.name} · Boss` : `${mob?.name ?? "?"} · Lv ${level}`;
  }
  return kind === "Player" ? `${entity.name} · Lv ${level}` : entity.name;
}

function lootName({ kind, entity }, { content }) {
  if (kind === "GroundGold") return `${entity.components.GoldAmount?.gold ?? ""} gold`;
  return content.items[entity.components.Appearance.definition]?.name ?? "?";
}

/** Draws a text over a point of the world. */
export function drawText(context, text, colour, x, y, frame) {
  const label = frame.labels.get(text, colour, frame.textSize);
  const { left, top } = placeOf(label, x, y, frame);
  context.drawImage(label, left, top);
}

/** Draws a text over a point of the world, on a dark plaque: it is read before any ground. */
export function drawPlaque(context, text, colour, x, y, frame) {
  const label = frame.labels.get(text, colour, frame.textSize, "700");
  const { left, top } = placeOf(label, x, y, frame);
  const pad = Math.round(frame.textSize * 0.4);
  context.fillStyle = "rgba(14, 11, 24, 0.86)";
  context.strokeStyle = "#8f76d8";
  context.lineWidth = Math.max(frame.textSize / 10, 1);
  context.beginPath();
  context.roundRect(left - pad, top - pad / 2, label.width + 2 * pad, label.height + pad, (label.height + pad) / 2);
  context.fill();
  context.stroke();
  context.drawImage(label, left, top);
}

/** Where a label is on the screen that stands over a point of the world. */
function placeOf(label, x, y, { camera }) {
  const left = Math.round((Math.round(x) - camera.x) * camera.zoom - label.width / 2);
  return { left, top: Math.round((Math.round(y) - camera.y) * camera.zoom - label.height) };
}
