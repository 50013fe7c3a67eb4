// What is drawn where a picture is missing: plain figures and simple effects.

import { DEAD, STRIKE, WALK, WIND_UP } from "./motion.js";

const FRAME = 48;
const STRIP_FRAMES = 6;
const COLOURS = {
  slash: "#f4f1e0",
  hit: "#ffe9a8",
  heal: "#8ff08a",
  blood: "#b8322c",
  cast: "#a9c7ff",
  nova: "#ffd27a",
  level_up: "#ffe27a",
  portal: "#b38cff",
  sparkle: "#fff6c0",
  loot: "#c9a15a",
  arrow: "#e8dcc0",
  bolt: "#ffd27a",
};

/** A colour from 0 to 359 by a text. */
export function hueOf(text) {
  let hash = 7;
  for (const letter of text) hash = (Math.imul(hash, 31) + letter.codePointAt(0)) >>> 0;
  return hash % 360;
}

function blank(width, height) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  return [canvas, canvas.getContext("2d")];
}

/** A sheet of a plain figure, coloured by its name. */
export function figureSheet(name) {
  const [canvas, context] = blank(8 * FRAME, 3 * FRAME);
  const hue = hueOf(name);
  const isMob = name.includes("/mobs/");
  for (let row = 0; row < 3; row += 1) {
    for (let column = 0; column < 8; column += 1) {
      context.save();
      context.translate(column * FRAME + FRAME / 2, row * FRAME + FRAME - 6);
      if (column === DEAD) context.transform(0, 0.6, 1, 0, 0, -2);
      drawFigure(context, { row, column, hue, isMob });
      context.restore();
    }
  }
  return canvas;
}

function drawFigure(context, { row, column, hue, isMob }) {
  const isWalking = column >= WALK && column < WIND_UP;
  const stride = isWalking ? [3, 0, -3, 0][column - WALK] : 0;
  const rise = isMob ? 6 : 0;
  const box = (colour, x, y, width, height) => {
    context.fillStyle = colour;
    context.fillRect(x, y, width, height);
  };
  box("#2b2320", -5 + stride / 2, -8, 4, 8);
  box("#2b2320", 1 - stride / 2, -8, 4, 8);
  box(`hsl(${hue} 35% 22%)`, -8, -23 + rise, 16, 16 - rise / 2);
  box(`hsl(${hue} 45% 45%)`, -7, -22 + rise, 14, 14 - rise / 2);
  box("#2b2320", -6, -33 + rise, 12, 12);
  box(isMob ? `hsl(${hue} 35% 60%)` : "#e8b890", -5, -32 + rise, 10, 10);
  const eyes = [[-3, 2], [], [3]][row];
  for (const x of eyes) box("#1c1714", x - 1, -28 + rise, 2, 3);
  if (column === WIND_UP) box("#d8d2c0", 7, -32, 3, 14);
  if (column === STRIKE) box("#d8d2c0", 7, -18, 14, 3);
}

/** A strip of frames of a simple effect. */
export function effectStrip(name) {
  const colour = COLOURS[name] ?? `hsl(${hueOf(name)} 70% 70%)`;
  if (name === "arrow" || name === "bolt" || name === "loot") return single(name, colour);
  const [canvas, context] = blank(STRIP_FRAMES * FRAME, FRAME);
  for (let frame = 0; frame < STRIP_FRAMES; frame += 1) {
    context.save();
    context.translate((frame + 0.5) * FRAME, FRAME / 2);
    drawBurst(context, name, colour, (frame + 0.5) / STRIP_FRAMES);
    context.restore();
  }
  return canvas;
}

function drawBurst(context, name, colour, share) {
  context.globalAlpha = 1 - share * share;
  context.strokeStyle = colour;
  context.fillStyle = colour;
  context.lineWidth = 3;
  context.beginPath();
  if (name === "slash") {
    context.arc(0, 0, 16, -1.4 + share, -0.4 + share * 2);
    context.stroke();
  } else if (name === "nova" || name === "level_up" || name === "cast" || name === "portal") {
    context.ellipse(0, 0, 22 * (name === "portal" ? 0.8 : share), 20 * share, 0, 0, 2 * Math.PI);
    context.stroke();
  } else {
    for (let spark = 0; spark < 8; spark += 1) {
      const turn = (spark / 8) * 2 * Math.PI;
      const far = 4 + 15 * share;
      context.fillRect(Math.round(Math.cos(turn) * far) - 1, Math.round(Math.sin(turn) * far) - 1, 3, 3);
    }
  }
}

function single(name, colour) {
  const [canvas, context] = blank(32, 32);
  context.fillStyle = colour;
  if (name === "arrow") {
    context.fillRect(6, 15, 18, 2);
    context.fillRect(22, 14, 4, 4);
    context.fillRect(4, 13, 4, 6);
  } else if (name === "bolt") {
    context.fillRect(10, 12, 12, 8);
    context.fillRect(12, 10, 8, 12);
  } else {
    context.fillRect(10, 14, 12, 11);
    context.fillRect(12, 10, 8, 4);
  }
  return canvas;
}
