// Texts as pictures: each is painted once, and then only copied.

import { Kept } from "./kept.js";

/** Those that nobody has wanted for so long are let go, or when there are so many others. */
const TURN_MS = 10_000;
const TURN_LABELS = 250;
const FONT = "'Avenir Next', 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans Condensed', system-ui, sans-serif";
const OUTLINE = "rgba(12, 10, 8, 0.95)";

/** Painted texts: the names of those in view, the numbers of a fight. */
export class Labels {
  #made = new Kept();
  #turnedMs = 0;

  /**
   * A painted text with a dark outline.
   * @param {string} text
   * @param {string} colour
   * @param {number} size Its height in pixels of the screen.
   * @param {string} [weight]
   * @returns {HTMLCanvasElement}
   */
  get(text, colour, size, weight = "600") {
    const key = `${size}${weight}${colour}${text}`;
    return this.#made.get(key) ?? this.#made.set(key, paint(text, colour, size, weight));
  }

  /** Before each frame, and never in one: what was got for a frame is there until it is drawn. */
  sweep(nowMs) {
    if (nowMs - this.#turnedMs < TURN_MS && this.#made.wanted < TURN_LABELS) return;
    this.#turnedMs = nowMs;
    this.#made.turn();
  }

  clear() {
    this.#made.clear();
  }
}

function paint(text, colour, size, weight) {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  const font = `${weight} ${size}px ${FONT}`;
  context.font = font;
  const outline = Math.max(Math.round(size / 4), 3);
  canvas.width = Math.ceil(context.measureText(text).width) + 2 * outline;
  canvas.height = Math.ceil(size * 1.3) + outline;
  context.font = font;
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.lineWidth = outline;
  context.strokeStyle = OUTLINE;
  context.strokeText(text, outline, canvas.height / 2);
  context.fillStyle = colour;
  context.fillText(text, outline, canvas.height / 2);
  return canvas;
}
