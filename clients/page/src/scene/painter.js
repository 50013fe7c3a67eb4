// Paints the world in its own pixels, from the ground up to what is over the heads.

import { Dusk } from "./dusk.js";
import { drawBars, drawFigure, drawLoot, drawProjectile, drawRing, isFigure } from "./figures.js";
import { drawLeaves } from "./leaves.js";
import { drawArea, drawGoal, drawPlaces, drawTelegraph } from "./places.js";
import { drawTall } from "./tall.js";

const LONGEST_CAST_MS = 10_000;
/** By so many pixels of the world the own figure is in front of one that stands where it does. */
const SAME_PLACE = 3;

export class Painter {
  #canvas = document.createElement("canvas");
  #context = this.#canvas.getContext("2d", { alpha: false });
  #dusk = new Dusk();
  /** What stands in the world, from north to south. */
  #standing = [];

  /** The view has this size, in pixels of the world. */
  resize({ width, height }) {
    [this.#canvas.width, this.#canvas.height] = [width, height];
    this.#context.imageSmoothingEnabled = false;
  }

  /** Brings what was painted to the screen, enlarged. What was painted last is brought again as it is. */
  show(context, zoom) {
    context.imageSmoothingEnabled = false;
    context.drawImage(this.#canvas, 0, 0, this.#canvas.width * zoom, this.#canvas.height * zoom);
  }

  /**
   * Paints a frame.
   * @param {import("./frame.js").Frame} frame
   */
  paint(frame) {
    this.#paintGround(frame);
    this.#paintStanding(frame);
    this.#paintAbove(frame);
  }

  #paintGround(frame) {
    const context = this.#context;
    context.fillStyle = "#12100e";
    context.fillRect(0, 0, this.#canvas.width, this.#canvas.height);
    frame.ground.draw(context, frame.view, frame.nowMs);
    drawPlaces(context, frame.places, frame);
    if (frame.goal) drawGoal(context, frame.goal, frame);
    for (const actor of frame.actors) {
      if (actor.kind === "Area") drawArea(context, actor, frame);
      else if (actor.cast && actor.goneMs === null) this.#paintCast(actor, frame);
    }
    const { target } = frame;
    if (target && target.goneMs === null && isFigure(target)) drawRing(context, target, frame);
    frame.effects.draw(context, frame.view, frame.nowMs, false);
  }

  /** Shows where a cast will fall; its circle under the feet begins with it, and lasts as long. */
  #paintCast(actor, frame) {
    drawTelegraph(this.#context, actor, frame);
    const isNew = actor.castShown?.until !== actor.cast.until;
    actor.castShown = actor.cast;
    if (!isNew || frame.isStill) return;
    const ticks = actor.cast.until - (actor.isOwn ? frame.ownTick : frame.tick);
    const leftMs = Math.min((Math.max(ticks, 0) / frame.tickHz) * 1000, LONGEST_CAST_MS);
    const isOver = () => actor.cast === null || actor.goneMs !== null;
    const circle = { name: "cast", x: actor.x, y: actor.y, follow: actor, stands: true, over: false };
    frame.effects.play({ ...circle, untilMs: frame.nowMs + leftMs, isOver }, frame.nowMs);
  }

  #paintStanding(frame) {
    const [context, standing] = [this.#context, this.#standing];
    standing.length = 0;
    for (const actor of frame.actors) if (actor.kind !== "Area" && frame.isInView(actor)) standing.push(actor);
    frame.ground.eachTall(frame.view, (tall) => standing.push(tall));
    standing.sort((one, other) => footOf(one) - footOf(other));
    for (const one of standing) {
      if (one.picture) drawTall(context, one, frame);
      else if (isFigure(one)) drawFigure(context, one, frame);
      else if (one.kind === "Projectile") drawProjectile(context, one, frame);
      else drawLoot(context, one, frame);
    }
  }

  #paintAbove(frame) {
    frame.effects.draw(this.#context, frame.view, frame.nowMs, true);
    drawLeaves(this.#context, frame);
    this.#dusk.draw(this.#context, frame);
    for (const one of this.#standing) if (!one.picture && isFigure(one)) drawBars(this.#context, one, frame);
  }

  /** Frees what takes memory. */
  close() {
    [this.#canvas.width, this.#canvas.height] = [1, 1];
    this.#standing.length = 0;
  }
}

/**
 * By what it is sorted. The own figure is not hidden by one that stands on the same place, nor the own body by anybody.
 */
function footOf(one) {
  if (!one.isOwn) return one.y;
  return one.entity.isDead ? Infinity : one.y + SAME_PLACE;
}
