// Pictures of figures: every frame looking in every direction, and the same in one colour for outlines and flashes.

import { figureSheet } from "./fallback.js";
import { Kept } from "./kept.js";
import { DEAD, EXHALED, IDLE, LEFT, RIGHT } from "./motion.js";
import { shadowOf } from "./shadows.js";

/** Of the picture, and of the sheet that is made of it. */
const PICTURE_COLUMNS = 8;
const COLUMNS = PICTURE_COLUMNS + 1;
const PICTURE_ROWS = 3;
const ROWS = 4;
/** What is above this share of a figure sinks by a pixel when it breathes out: the legs stand. */
const CHEST = 0.7;
/** Room below a frame for the lower edge of the shadow, as a share of the frame. */
const BELOW = 1 / 16;
/** Pictures in one colour, in a generation: marks under the pointer, the flash of a blow. Each takes as much as the sheet. */
const TINTS = 3;

/** A sheet of frames in four rows: down, up, right and left, which is right mirrored. */
export class Sheet {
  /** Width and height of a frame. */
  frame;
  /** How high the figure reaches above its feet, and how wide it is: for bars and names, and for clicks. */
  tall;
  wide;
  #picture;
  /** How high a frame is with the room below it. */
  #high;
  #canvas;
  #tinted = new Kept(TINTS);

  /** @param {CanvasImageSource & { width: number, height: number }} picture Rows down, up and right. */
  constructor(picture) {
    this.#picture = picture;
    this.frame = Math.floor(picture.height / PICTURE_ROWS);
    this.#high = this.frame + Math.ceil(this.frame * BELOW);
    const [canvas, context] = this.#unfold();
    this.#canvas = canvas;
    const body = measure(canvas, this.frame);
    this.tall = body ? this.feetY - body.top : Math.round(this.frame * 0.75);
    this.wide = body ? body.width : Math.round(this.frame * 0.5);
    this.#addShadows(context);
  }

  /** Where the feet are, from the top of a frame. */
  get feetY() {
    return this.frame - Math.round(this.frame / 8);
  }

  /** Draws a frame, with the shadow, with the feet at a point. */
  draw(context, column, row, x, y) {
    this.#drawFrom(this.#canvas, context, column, row, x, y);
  }

  /** Draws the outline of a frame, a pixel wide. */
  drawOutline(context, column, row, x, y, colour) {
    const tinted = this.#tintedIn(colour);
    this.#drawFrom(tinted, context, column, row, x - 1, y);
    this.#drawFrom(tinted, context, column, row, x + 1, y);
    this.#drawFrom(tinted, context, column, row, x, y - 1);
    this.#drawFrom(tinted, context, column, row, x, y + 1);
  }

  /** Draws a frame in one colour. */
  drawTinted(context, column, row, x, y, colour) {
    this.#drawFrom(this.#tintedIn(colour), context, column, row, x, y);
  }

  #drawFrom(canvas, context, column, row, x, y) {
    const [wide, high] = [this.frame, this.#high];
    context.drawImage(canvas, column * wide, row * high, wide, high, x - (wide >> 1), y - this.feetY, wide, high);
  }

  #tintedIn(colour) {
    const known = this.#tinted.get(colour);
    if (known) return known;
    const [canvas, context] = this.#unfold();
    context.globalCompositeOperation = "source-in";
    context.fillStyle = colour;
    context.fillRect(0, 0, canvas.width, canvas.height);
    return this.#tinted.set(colour, canvas);
  }

  /** All frames without their shadows. */
  #unfold() {
    const [size, high] = [this.frame, this.#high];
    const [canvas, context] = blank(COLUMNS * size, ROWS * high);
    for (let row = 0; row < PICTURE_ROWS; row += 1) {
      const wide = PICTURE_COLUMNS * size;
      context.drawImage(this.#picture, 0, row * size, wide, size, 0, row * high, wide, size);
    }
    for (let column = 0; column < PICTURE_COLUMNS; column += 1) {
      context.save();
      context.translate((column + 1) * size, LEFT * high);
      context.scale(-1, 1);
      context.drawImage(this.#picture, column * size, RIGHT * size, size, size, 0, 0, size, size);
      context.restore();
    }
    this.#breatheOut(canvas, context);
    return [canvas, context];
  }

  /** Adds the column of those who have breathed out: that of those who stand, a pixel lower but for the legs. */
  #breatheOut(canvas, context) {
    const [size, high] = [this.frame, this.#high];
    const chest = Math.round(this.feetY * CHEST);
    for (let row = 0; row < ROWS; row += 1) {
      const [from, to, top] = [IDLE * size, EXHALED * size, row * high];
      context.drawImage(canvas, from, top + chest, size, size - chest, to, top + chest, size, size - chest);
      context.drawImage(canvas, from, top, size, chest, to, top + 1, size, chest);
    }
  }

  /** Puts a shadow under the feet of those who stand, once: in a crowd it would be every second picture that is drawn. */
  #addShadows(context) {
    const shadow = shadowOf(Math.min(this.wide * 0.9, this.frame * 0.7));
    const [left, top] = [(this.frame >> 1) - (shadow.width >> 1), this.feetY - (shadow.height >> 1)];
    context.globalCompositeOperation = "destination-over";
    for (let row = 0; row < ROWS; row += 1) {
      for (let column = 0; column < COLUMNS; column += 1) {
        if (column !== DEAD) context.drawImage(shadow, column * this.frame + left, row * this.#high + top);
      }
    }
  }

  /** Frees what takes memory. */
  close() {
    this.#canvas.width = 0;
    this.#tinted.clear();
  }
}

function blank(width, height, options) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  return [canvas, canvas.getContext("2d", options)];
}

/** What of the first frame is painted; null if it cannot be told. */
function measure(sheet, size) {
  const [, context] = blank(size, size, { willReadFrequently: true });
  context.drawImage(sheet, 0, 0, size, size, 0, 0, size, size);
  let data;
  try {
    ({ data } = context.getImageData(0, 0, size, size));
  } catch {
    return null;
  }
  let [top, left, right] = [size, size, -1];
  for (let at = 0; at < size * size; at += 1) {
    if (data[at * 4 + 3] < 64) continue;
    const x = at % size;
    top = Math.min(top, Math.floor(at / size));
    left = Math.min(left, x);
    right = Math.max(right, x);
  }
  return right < 0 ? null : { top, width: right - left + 1 };
}

/** The sheets of all figures, each made when it is seen for the first time. */
export class Sheets {
  #assets;
  #made = new Map();

  constructor(assets) {
    this.#assets = assets;
  }

  /**
   * The sheet at one of these paths, the first that there is; null while it is on its way.
   * @param {...string} paths
   */
  get(...paths) {
    const made = this.#made.get(paths[0]);
    if (made) return made;
    const pictures = paths.map((path) => this.#assets.ready(path));
    if (pictures.includes(undefined)) return null;
    const picture = pictures.find((one) => one !== null) ?? figureSheet(paths[0]);
    const sheet = new Sheet(picture);
    this.#made.set(paths[0], sheet);
    return sheet;
  }

  /** Frees what takes memory. */
  close() {
    for (const sheet of this.#made.values()) sheet.close();
    this.#made.clear();
  }
}
