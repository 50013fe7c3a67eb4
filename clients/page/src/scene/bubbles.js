// What players say, over their heads for a moment.

import { colourOf } from "./figures.js";

const SHOWN_MS = 6_000;
const LINE_LETTERS = 26;
const MAX_LINES = 3;
/** More than these at once nobody reads: those nearest to the player. */
const MOST_BUBBLES = 3;
/** A page in the background draws nothing, and hears for hours. */
const MOST_HEARD = 64;
const PAPER = "#1d1a1e";
const EDGE = "#b08d4c";
const INK = "#f6edd6";
const TAIL_PX = 7;
const APART_PX = 5;

/** A text in lines, by its words: at most three, the last one cut. */
export function linesOf(text, letters = LINE_LETTERS, most = MAX_LINES) {
  const lines = [""];
  for (const word of text.split(/\s+/).flatMap((long) => long.match(new RegExp(`.{1,${letters}}`, "gu")) ?? [])) {
    const last = lines.at(-1);
    if (last === "") lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length <= letters) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  if (lines.length <= most) return lines;
  return [...lines.slice(0, most - 1), `${lines[most - 1].slice(0, letters - 1)}…`];
}

/** What was said, by the speaker's name. */
export class Bubbles {
  #said = new Map();

  say(name, text, nowMs) {
    this.#said.delete(name);
    if (this.#said.size >= MOST_HEARD) this.#said.delete(this.#said.keys().next().value);
    this.#said.set(name, { lines: linesOf(text), untilMs: nowMs + SHOWN_MS });
  }

  clear() {
    this.#said.clear();
  }

  /**
   * Where they are over those who are in view: the nearest three. `topOf` says where a head ends, with what is over it, in
   * pixels of the world. None covers another: the nearest to the viewer is over its speaker, those behind it make room.
   * @returns {ReturnType<typeof bubbleOf>[]}
   */
  layOut(actors, frame, topOf) {
    if (this.#said.size === 0) return [];
    for (const [name, { untilMs }] of this.#said) if (untilMs < frame.nowMs) this.#said.delete(name);
    const { camera, room } = frame;
    // Nobody reads what is said below the buttons.
    const isSeen = ({ y }) => (y - camera.y) * camera.zoom < room.bottom;
    const speakers = [...actors].filter((actor) => this.#speaks(actor) && frame.isInView(actor) && isSeen(actor));
    const middle = frame.own ?? { x: frame.view.x + frame.view.width / 2, y: frame.view.y + frame.view.height / 2 };
    const away = ({ x, y }) => Math.hypot(x - middle.x, y - middle.y);
    const nearest = speakers.sort((a, b) => away(a) - away(b)).slice(0, MOST_BUBBLES);
    const laid = [];
    for (const actor of nearest.sort((a, b) => b.y - a.y)) {
      const { lines } = this.#said.get(actor.entity.name);
      const bubble = bubbleOf(lines, actor, topOf(actor), frame);
      bubble.bottom = freeBottom(bubble, laid);
      laid.push(bubble);
    }
    return laid;
  }

  #speaks({ kind, goneMs, entity }) {
    return kind === "Player" && goneMs === null && this.#said.has(entity.name);
  }
}

/** Where a bubble is, in pixels of the screen. Others have their name in it: it stands for the one over the head. */
function bubbleOf(lines, actor, top, frame) {
  const { camera, labels, textSize, room } = frame;
  const name = actor.isOwn ? [] : [labels.get(actor.entity.name, colourOf(actor, frame), textSize, "700")];
  const pictures = [...name, ...lines.map((line) => labels.get(line, INK, textSize, "500"))];
  const tip = Math.round((Math.round(actor.x) - camera.x) * camera.zoom);
  const head = Math.round((Math.round(actor.y - top) - camera.y) * camera.zoom);
  const wide = Math.max(...pictures.map(({ width }) => width)) + textSize;
  return {
    id: actor.id,
    pictures,
    tip,
    // It stays on the screen, and beside the buttons at its edge.
    middle: Math.max(Math.min(tip, room.right - wide / 2), room.left + wide / 2),
    wide,
    high: lineHeight(textSize) * pictures.length + Math.round(textSize * 0.9),
    bottom: head - TAIL_PX,
  };
}

const lineHeight = (textSize) => Math.round(textSize * 1.25);

/** Where a bubble ends at the bottom that covers none of the others: lifted as far as it must be. */
export function freeBottom({ middle, wide, high, bottom }, others) {
  let free = bottom;
  for (const other of others.toSorted((a, b) => b.bottom - a.bottom)) {
    const isBeside = Math.abs(other.middle - middle) >= (other.wide + wide) / 2;
    const isAbove = free <= other.bottom - other.high;
    const isBelow = free - high >= other.bottom + TAIL_PX;
    if (!isBeside && !isAbove && !isBelow) free = other.bottom - other.high - APART_PX;
  }
  return free;
}

/** Draws bubbles on solid paper, so that nothing is read through them. */
export function drawBubbles(context, bubbles, textSize) {
  for (const bubble of bubbles) drawBubble(context, bubble, textSize);
}

function drawBubble(context, { pictures, tip, middle, wide, high, bottom }, textSize) {
  const [left, top, round] = [Math.round(middle - wide / 2), bottom - high, textSize / 2];
  // The tail begins on the straight part of the lower edge.
  const at = Math.max(Math.min(tip, left + wide - round - 6), left + round + 6);
  context.fillStyle = PAPER;
  context.strokeStyle = EDGE;
  context.lineWidth = Math.max(Math.round(textSize / 7), 1.5);
  context.lineJoin = "round";
  context.beginPath();
  context.roundRect(left, top, wide, high, round);
  context.fill();
  context.stroke();
  context.beginPath();
  context.moveTo(at - 6, bottom);
  context.lineTo(at, bottom + TAIL_PX);
  context.lineTo(at + 6, bottom);
  context.stroke();
  // Over the edge between the two.
  context.moveTo(at - 6, bottom - 2);
  context.lineTo(at + 6, bottom - 2);
  context.fill();
  context.fillRect(at - 5, bottom - 2, 10, 4);
  pictures.forEach((picture, line) => {
    const y = Math.round(top + textSize * 0.3 + line * lineHeight(textSize));
    context.drawImage(picture, Math.round(middle - picture.width / 2), y);
  });
}
