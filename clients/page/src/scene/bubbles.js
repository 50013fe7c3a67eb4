// What players say, over their heads for a moment.

const SHOWN_MS = 6_000;
const LINE_LETTERS = 26;
const MAX_LINES = 3;
const PAPER = "rgba(28, 24, 22, 0.82)";
const INK = "#f3e9cf";
const TAIL_PX = 7;
const APART_PX = 3;

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
    this.#said.set(name, { lines: linesOf(text), untilMs: nowMs + SHOWN_MS });
  }

  clear() {
    this.#said.clear();
  }

  /**
   * Draws them over those who are in view. `topOf` says where a head ends, with what is over it, in pixels of the world.
   * None covers another: the nearest is over its speaker, those behind it make room.
   */
  draw(context, actors, frame, topOf) {
    if (this.#said.size === 0) return;
    for (const [name, { untilMs }] of this.#said) if (untilMs < frame.nowMs) this.#said.delete(name);
    const speakers = [...actors].filter((actor) => this.#speaks(actor) && frame.isInView(actor));
    const drawn = [];
    for (const actor of speakers.sort((a, b) => b.y - a.y)) {
      const { lines } = this.#said.get(actor.entity.name);
      const bubble = bubbleOf(lines, actor.x, actor.y - topOf(actor), actor.isOwn, frame);
      bubble.bottom = freeBottom(bubble, drawn);
      drawBubble(context, bubble, frame.textSize);
      drawn.push(bubble);
    }
  }

  #speaks({ kind, goneMs, entity }) {
    return kind === "Player" && goneMs === null && this.#said.has(entity.name);
  }
}

/** Where a bubble is, in pixels of the screen. Others have their name under it. */
function bubbleOf(lines, x, y, isOwn, { camera, labels, textSize }) {
  const pictures = lines.map((line) => labels.get(line, INK, textSize, "500"));
  const middle = Math.round((Math.round(x) - camera.x) * camera.zoom);
  const head = Math.round((Math.round(y) - camera.y) * camera.zoom);
  return {
    pictures,
    middle,
    wide: Math.max(...pictures.map(({ width }) => width)) + textSize,
    high: lineHeight(textSize) * lines.length + Math.round(textSize * 0.8),
    bottom: head - TAIL_PX - (isOwn ? 0 : lineHeight(textSize)),
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

function drawBubble(context, { pictures, middle, wide, high, bottom }, textSize) {
  context.fillStyle = PAPER;
  context.beginPath();
  context.roundRect(middle - wide / 2, bottom - high, wide, high, textSize / 2);
  context.moveTo(middle - 6, bottom);
  context.lineTo(middle, bottom + TAIL_PX);
  context.lineTo(middle + 6, bottom);
  context.fill();
  pictures.forEach((picture, line) => {
    context.drawImage(
      picture,
      Math.round(middle - picture.width / 2),
      Math.round(bottom - high + textSize * 0.25 + line * lineHeight(textSize)),
    );
  });
}
