// Pictures of figures: every frame looking in every direction, and the same in one colour for outlines and flashes.

import { figureSheet } from "./fallback.js";
import { Kept } from "./kept.js";
import { LEFT, RIGHT } from "./motion.js";

const COLUMNS = 8;
const PICTURE_ROWS = 3;
const ROWS = 4;
/** Pictures in one colour, in a generation: marks under the pointer, the flash of a blow. Each takes as much as the sheet. */
const TINTS = 3;

/** A sheet of frames in four rows: down, up, right and left, which is right mirrored. */
export class Sheet {
  /** Width and height of a frame. */
  frame;
  /** How high the figure reaches above its feet, and how wide it is: for bars and names, and for clicks. */
  tall;
  wide;
  #canvas;
  #tinted = new Kept(TINTS);

  /** @param {CanvasImageSource & { width: number, height: number }} picture Rows down, up and right. */
  constructor(picture) {
    this.frame = Math.floor(picture.height / PICTURE_ROWS);
    this.#canvas = unfold(picture, this.frame);
    const body = measure(this.#canvas, this.frame);
    this.tall = body ? this.feetY - body.top : Math.round(this.frame * 0.75);
    this.wide = body ? body.width : Math.round(this.frame * 0.5);
  }

  /** Where the feet are, from the top of a frame. */
  get feetY() {
    return this.frame - Math.round(this.frame / 8);
  }

  /** Draws a frame with the feet at a point. */
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
    const size = this.frame;
    context.drawImage(canvas, column * size, row * size, size, size, x - (size >> 1), y - this.feetY, size, size);
  }

  #tintedIn(colour) {
    const known = this.#tinted.get(colour);
    if (known) return known;
    const [canvas, context] = blank(this.#canvas.width, this.#canvas.height);
    context.drawImage(this.#canvas, 0, 0);
    context.globalCompositeOperation = "source-in";
    context.fillStyle = colour;
    context.fillRect(0, 0, canvas.width, canvas.height);
    return this.#tinted.set(colour, canvas);
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

function unfold(picture, size) {
  const [canvas, context] = blank(COLUMNS * size, ROWS * size);
  context.drawImage(picture, 0, 0);
  for (let column = 0; column < COLUMNS; column += 1) {
    context.save();
    context.translate((column + 1) * size, LEFT * size);
    context.scale(-1, 1);
    context.drawImage(picture, column * size, RIGHT * size, size, size, 0, 0, size, size);
    context.restore();
  }
  return canvas;
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
