// Names over heads, in the screen's own pixels, so that they can be read.

import { colourOf, isFigure, sheetOf } from "./figures.js";
import { marksOf } from "./marks.js";

/** Draws the names of those in view, and of what the pointer is on. */
export function drawTags(context, actors, frame) {
  const { selection, settings } = frame;
  const showsNames = settings.get("names") !== false;
  for (const actor of actors) {
    if (actor.goneMs !== null || !frame.isInView(actor)) continue;
    const isMeant = actor.id === selection.hovered || actor.id === selection.target;
    if (isFigure(actor)) {
      const isNamed = isMeant || (showsNames && !actor.isOwn && actor.kind !== "Mob");
      if (isNamed && !(actor.entity.isDead && !isMeant)) drawName(context, actor, frame);
    } else if (isMeant) drawText(context, lootName(actor, frame), frame.palette.gold, actor.x, actor.y - 24, frame);
  }
}

function drawName(context, actor, frame) {
  const sheet = sheetOf(actor, frame);
  if (!sheet) return;
  drawText(context, nameOf(actor, frame), colourOf(actor, frame), actor.x, actor.y - topOf(actor, sheet), frame);
}

/** How high a figure reaches, in pixels of the world, with its bars and with the marks if there are any. */
export function topOf(actor, sheet) {
  return (sheet?.tall ?? 0) + 11 + (marksOf(actor.entity).length > 0 ? 11 : 0);
}

/** What somebody is called, with the level. */
export function nameOf({ kind, entity }, { content }) {
  const { definition, level } = entity.components.Appearance;
  if (kind === "Mob") return `${content.mobs[definition]?.name ?? "?"}  ${level}`;
  return kind === "Player" ? `${entity.name}  ${level}` : entity.name;
}

function lootName({ kind, entity }, { content }) {
  if (kind === "GroundGold") return `${entity.components.GoldAmount?.gold ?? ""} gold`;
  return content.items[entity.components.Appearance.definition]?.name ?? "?";
}

/** Draws a text over a point of the world. */
export function drawText(context, text, colour, x, y, { camera, labels, textSize }) {
  const label = labels.get(text, colour, textSize);
  const left = Math.round((Math.round(x) - camera.x) * camera.zoom - label.width / 2);
  context.drawImage(label, left, Math.round((Math.round(y) - camera.y) * camera.zoom - label.height));
}
