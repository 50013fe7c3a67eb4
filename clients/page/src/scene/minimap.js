// The mini-map, and the whole map.

import { TILE_PX, UNITS_PER_PX } from "./camera.js";
import { Kept } from "./kept.js";

const OVERVIEW_PX = 4;
/** So much of a map is around the player: of a smaller one all of it. */
const ACROSS_PX = 44 * TILE_PX;
/** Kinds of dots that are kept, in a generation: by colour and size. */
const DOTS = 32;

/** Draws maps from a small picture of the ground. */
export class MiniMap {
  #overview = null;
  #ground = null;

  /** Draws what is around the player. */
  draw(canvas, frame) {
    const { own, ground } = frame;
    if (!own) return;
    const across = acrossOf(ground);
    const scale = canvas.width / across;
    const middle = { x: middleOf(own.x, across, ground?.width), y: middleOf(own.y, across, ground?.height) };
    const at = (x, y) => ({
      x: (x - middle.x) * scale + canvas.width / 2,
      y: (y - middle.y) * scale + canvas.height / 2,
    });
    this.#drawWith(canvas, frame, at, scale * TILE_PX);
  }

  /** Draws the whole map, as large as it fits. */
  drawWhole(canvas, frame) {
    const { ground } = frame;
    if (!ground) return;
    const scale = Math.min(canvas.width / ground.width, canvas.height / ground.height);
    const [left, top] = [(canvas.width - ground.width * scale) / 2, (canvas.height - ground.height * scale) / 2];
    this.#drawWith(canvas, frame, (x, y) => ({ x: left + x * scale, y: top + y * scale }), scale * TILE_PX);
  }

  #drawWith(canvas, frame, at, pxPerTile) {
    const context = canvas.getContext("2d");
    context.fillStyle = "#12100e";
    context.fillRect(0, 0, canvas.width, canvas.height);
    const overview = this.#overviewOf(frame.ground);
    if (overview) {
      const corner = at(0, 0);
      const scale = pxPerTile / OVERVIEW_PX;
      context.imageSmoothingEnabled = scale < 1;
      context.drawImage(overview, corner.x, corner.y, overview.width * scale, overview.height * scale);
    }
    drawPlaces(context, frame, at);
    drawEverybody(context, frame, at, Math.max(pxPerTile / 2.6, 2));
  }

  #overviewOf(ground) {
    if (ground !== this.#ground) {
      this.#ground = ground;
      if (this.#overview) this.#overview.width = 0;
      this.#overview = ground?.overview(OVERVIEW_PX) ?? null;
    }
    return this.#overview;
  }
}

/** How much is shown: of a map that is small all of it. */
export function acrossOf(ground) {
  return Math.min(ACROSS_PX, Math.max(ground?.width ?? ACROSS_PX, ground?.height ?? 0));
}

/** What is in the middle: the player, or near an edge of the map as much of it as there is room for. */
export function middleOf(own, across, size = Infinity) {
  return size < across ? size / 2 : Math.min(Math.max(own, across / 2), size - across / 2);
}

function drawPlaces(context, { places, palette }, at) {
  for (const { kind, x, y, width, height } of places) {
    const from = at(x / UNITS_PER_PX, y / UNITS_PER_PX);
    const to = at((x + width) / UNITS_PER_PX, (y + height) / UNITS_PER_PX);
    if (kind === "SafeZone") {
      context.strokeStyle = palette.blessing;
      context.globalAlpha = 0.6;
      context.lineWidth = 1;
      context.strokeRect(from.x, from.y, to.x - from.x, to.y - from.y);
      context.globalAlpha = 1;
    } else if (kind === "Portal") {
      context.fillStyle = "#b38cff";
      const [wide, high] = [Math.max(to.x - from.x, 5), Math.max(to.y - from.y, 5)];
      context.fillRect((from.x + to.x - wide) / 2, (from.y + to.y - high) / 2, wide, high);
    }
  }
}

function drawEverybody(context, frame, at, size) {
  for (const actor of frame.actors) {
    const colour = frame.dotOf(actor);
    if (!colour || actor.isOwn || actor.goneMs !== null || actor.entity.isDead) continue;
    const { x, y } = at(actor.x, actor.y);
    drawDot(context, x, y, actor.kind === "Mob" ? size * 0.85 : size, colour);
  }
  if (!frame.own) return;
  const { x, y } = at(frame.own.x, frame.own.y);
  drawDot(context, x, y, size * 1.4, "#ffffff");
}

const dots = new Kept(DOTS);

/** A dot is painted once and then copied: in a crowd there are hundreds in each picture. */
function drawDot(context, x, y, radius, colour) {
  const key = `${radius} ${colour}`;
  const dot = dots.get(key) ?? dots.set(key, paintDot(radius, colour));
  context.drawImage(dot, Math.round(x) - (dot.width >> 1), Math.round(y) - (dot.height >> 1));
}

function paintDot(radius, colour) {
  const size = 2 * Math.ceil(radius + 1) + 1;
  const canvas = Object.assign(document.createElement("canvas"), { width: size, height: size });
  const context = canvas.getContext("2d");
  const fill = (style, far) => {
    context.fillStyle = style;
    context.beginPath();
    context.arc(size / 2, size / 2, far, 0, 2 * Math.PI);
    context.fill();
  };
  fill("rgba(10, 8, 6, 0.8)", radius + 1);
  fill(colour, radius);
  return canvas;
}
