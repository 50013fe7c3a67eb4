// Texts as pictures: each is painted once, and then only copied.

const MAX_LABELS = 500;
const FONT = "'Avenir Next', 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans Condensed', system-ui, sans-serif";
const OUTLINE = "rgba(12, 10, 8, 0.95)";

/** Painted texts, the oldest of which are forgotten. */
export class Labels {
  #made = new Map();

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
    const made = this.#made.get(key);
    if (made) return made;
    if (this.#made.size >= MAX_LABELS) this.#made.delete(this.#made.keys().next().value);
    const label = paint(text, colour, size, weight);
    this.#made.set(key, label);
    return label;
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
