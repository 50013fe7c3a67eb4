// What those who draw need to know of a frame, and how large its texts are.

import { TILE_PX } from "./camera.js";
import { colourOf, isFigure } from "./figures.js";

/** Things beyond the edge of the view by so much are not drawn. */
const MARGIN_PX = 48;
const TEXT_PX = 12;
/** Up to so high a screen is written on as usual; css/base.css does the same. */
const USUAL_HIGH_PX = 1_080;

/** @typedef {ReturnType<typeof frameOf>} Frame */

/**
 * A frame of the world as it is now.
 * @param {object} parts What the scene is made of.
 * @param {number} nowMs
 */
export function frameOf({ player, actors, camera, stage, settings, selection, assets, happenings, ...kept }, nowMs) {
  const { session } = player;
  const ratio = globalThis.devicePixelRatio || 1;
  const frame = {
    ...kept,
    actors,
    selection,
    settings,
    nowMs,
    view: camera,
    camera,
    own: actors.get(session.welcome.entity),
    target: actors.get(selection.target),
    hovered: actors.get(selection.hovered),
    // The own character is shown ahead of what the server has shown, others behind.
    ownTick: session.ownTick,
    tick: player.display.tick,
    tickHz: session.welcome.tick_hz,
    content: session.content,
    places: session.places,
    ground: stage.ground,
    isOpen: (x, y) => !session.grid?.isSolid(Math.floor(x / TILE_PX), Math.floor(y / TILE_PX)),
    vendors: stage.vendors,
    darkness: stage.darkness,
    leaves: stage.leaves,
    party: new Set(session.party.members.map(({ name }) => name)),
    isStill: settings.get("reducedMotion") === true,
    textSize: textSizeOf(camera, ratio, settings.get("uiScale") || 1),
    mapName: (id) => assets.mapName(id),
    aimOf: (ability) => happenings.aimOf(ability),
    items: (index) => assets.ready(`pictures/items/${session.content.items[index]?.id}.png`) ?? null,
    isInView: (at) => isInView(at, camera),
    // On maps all mobs are enemies: yellow ones could be taken for vendors.
    dotOf: (actor) => (actor.kind === "Mob" ? frame.palette.foe : isFigure(actor) ? colourOf(actor, frame) : null),
  };
  return frame;
}

/** The size of texts over the world, in pixels of the screen. It grows with large screens, as the rest of the page does. */
function textSizeOf({ width, height, zoom }, ratio, scale) {
  const high = (Math.min(width, height) * zoom) / ratio;
  return Math.round(TEXT_PX * ratio * scale * Math.max(high / USUAL_HIGH_PX, 1));
}

/** Whether a point, or what stands on it, is in view. */
export function isInView({ x, y }, view) {
  const isAcross = x > view.x - MARGIN_PX && x < view.x + view.width + MARGIN_PX;
  return isAcross && y > view.y - MARGIN_PX && y < view.y + view.height + MARGIN_PX + TILE_PX;
}
