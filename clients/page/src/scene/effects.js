// Short pictures of what happens: blows, healing, level-ups. And the numbers that rise from it.

import { effectStrip } from "./fallback.js";

const FRAME_MS = 55;
const FLOAT_MS = 1100;
const FLOAT_PX = 26;
/** A picture that stands on the ground has its feet where figures have them: so much below its middle. */
const STANDS_SHARE = 3 / 8;
/** Numbers begin so far beside the middle, in turn, in pixels of the world. */
const ASIDE_PX = [0, 7, -7, 4, -4, 8, -8];
/** So high is a number, in pixels of the world: nearer to each other they are not read. */
const LINE_PX = 9;
const MAX_EFFECTS = 120;
const MAX_FLOATERS = 60;

/**
 * An effect: `height` is above the ground, `stands` whether it stands there as figures do, `over` whether it lies over
 * figures, `untilMs` how long it is repeated.
 * @typedef {{ name: string, x: number, y: number, height?: number, stands?: boolean,
 *   follow?: { x: number, y: number } | null,
 *   angle?: number, scale?: number, over?: boolean, untilMs?: number, sinceMs?: number,
 *   isOver?: () => boolean }} Effect
 */

/** The strips of effects, and which of them play. */
export class Effects {
  #assets;
  #strips = new Map();
  #playing = [];

  constructor(assets) {
    this.#assets = assets;
  }

  /** The strip of an effect: the first of these names that there is; null while it is on its way. */
  strip(...names) {
    const key = names[0];
    if (this.#strips.has(key)) return this.#strips.get(key);
    const pictures = names.map((name) => this.#assets.ready(`pictures/effects/${name}.png`));
    if (pictures.includes(undefined)) return null;
    const picture = pictures.find((one) => one !== null) ?? effectStrip(names.at(-1));
    const strip = { picture, size: picture.height, frames: Math.max(Math.floor(picture.width / picture.height), 1) };
    this.#strips.set(key, strip);
    return strip;
  }

  /** @param {Effect} effect */
  play(effect, nowMs) {
    if (this.#playing.length >= MAX_EFFECTS) this.#playing.shift();
    this.#playing.push({
      height: 0,
      stands: false,
      follow: null,
      angle: 0,
      scale: 1,
      over: true,
      untilMs: 0,
      sinceMs: nowMs,
      ...effect,
    });
  }

  clear() {
    this.#playing = [];
  }

  /** Draws those over the figures, or those under them. */
  draw(context, view, nowMs, over) {
    for (const effect of this.#playing) {
      if (effect.over !== over || effect.sinceMs > nowMs) continue;
      const strip = this.strip(effect.name);
      if (!strip) continue;
      const frame = Math.floor((nowMs - effect.sinceMs) / FRAME_MS);
      if (frame >= strip.frames && nowMs >= effect.untilMs) continue;
      const at = effect.follow ?? effect;
      const height = effect.stands ? strip.size * STANDS_SHARE : effect.height;
      drawFrame(context, strip, frame % strip.frames, at.x - view.x, at.y - height - view.y, effect);
    }
  }

  /** Forgets what is over. */
  sweep(nowMs) {
    this.#playing = this.#playing.filter(({ name, sinceMs, untilMs, isOver }) => {
      if (isOver?.()) return false;
      const frames = this.strip(name)?.frames ?? 1;
      return nowMs < Math.max(untilMs, sinceMs + frames * FRAME_MS);
    });
  }
}

/** Draws a frame of a strip around a point. */
export function drawFrame(context, { picture, size }, frame, x, y, { angle = 0, scale = 1 } = {}) {
  const half = (size * scale) / 2;
  if (angle === 0) {
    const [left, top, to] = [Math.round(x - half), Math.round(y - half), Math.round(size * scale)];
    context.drawImage(picture, frame * size, 0, size, size, left, top, to, to);
    return;
  }
  context.save();
  context.translate(Math.round(x), Math.round(y));
  context.rotate(angle);
  context.drawImage(picture, frame * size, 0, size, size, -half, -half, size * scale, size * scale);
  context.restore();
}

/** Numbers and words that rise over the world. */
export class Floaters {
  #all = [];
  #count = 0;
  #isStill = false;

  /**
   * Begins in pixels of the world. Those that are there already make room above.
   * @param {{ text: string, colour: string, x: number, y: number, isLarge?: boolean }} floater
   */
  add(floater, nowMs) {
    const aside = ASIDE_PX[(this.#count += 1) % ASIDE_PX.length];
    const newest = { ...floater, sinceMs: nowMs, aside, up: 0 };
    let free = heightOf(newest, nowMs, this.#isStill) + LINE_PX;
    for (const older of this.#all.toReversed()) {
      if (Math.abs(older.x - floater.x) >= 24 || Math.abs(older.y - floater.y) >= 24) continue;
      const height = heightOf(older, nowMs, this.#isStill);
      older.up += Math.max(free - height, 0);
      free = Math.max(free, height) + LINE_PX;
    }
    if (this.#all.length >= MAX_FLOATERS) this.#all.shift();
    this.#all.push(newest);
  }

  clear() {
    this.#all = [];
  }

  /**
   * Draws them on the screen: those who want it still see them where they began.
   * @param {import("./frame.js").Frame} frame
   */
  draw(context, { camera, labels, textSize, nowMs, isStill }) {
    this.#isStill = isStill;
    this.#all = this.#all.filter(({ sinceMs }) => nowMs - sinceMs < FLOAT_MS);
    for (const floater of this.#all) {
      const { text, colour, x, y, isLarge, sinceMs, aside } = floater;
      const share = (nowMs - sinceMs) / FLOAT_MS;
      const label = labels.get(text, colour, Math.round(textSize * (isLarge ? 1.5 : 1.15)), "800");
      context.globalAlpha = share < 0.65 ? 1 : (1 - share) / 0.35;
      const left = Math.round((x + aside - camera.x) * camera.zoom - label.width / 2);
      const middle = (y - heightOf(floater, nowMs, isStill) - camera.y) * camera.zoom;
      context.drawImage(label, left, Math.round(middle - label.height / 2));
    }
    context.globalAlpha = 1;
  }
}

/** How far over its beginning a number is by now. */
function heightOf({ sinceMs, up }, nowMs, isStill) {
  const share = (nowMs - sinceMs) / FLOAT_MS;
  return up + (isStill ? FLOAT_PX / 2 : FLOAT_PX * (1 - (1 - share) ** 2));
}
