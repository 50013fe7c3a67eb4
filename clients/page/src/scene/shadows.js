// Soft shadows under feet, and under what lies or stands about.

const WIDEST_PX = 128;
/** Shadows by their width, which is even. */
const made = new Map();

/** A soft ellipse of about this width. */
export function shadowOf(width) {
  const even = Math.min(Math.max(Math.round(width / 2) * 2, 8), WIDEST_PX);
  if (!made.has(even)) made.set(even, paint(even));
  return made.get(even);
}

function paint(width) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, Math.round(width * 0.42)];
  const context = canvas.getContext("2d");
  context.fillStyle = "rgba(16, 12, 24, 0.34)";
  context.beginPath();
  context.ellipse(width / 2, canvas.height / 2, width / 2, canvas.height / 2, 0, 0, 2 * Math.PI);
  context.fill();
  return canvas;
}
