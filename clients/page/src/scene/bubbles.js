// What players say, over their heads for a moment.

const SHOWN_MS = 6_000;
const LINE_LETTERS = 26;
const MAX_LINES = 3;
const PAPER = "rgba(28, 24, 22, 0.82)";
const INK = "#f3e9cf";

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

  /** Draws them over those who are in view. `topOf` says where a head ends, in pixels of the world. */
  draw(context, actors, frame, topOf) {
    if (this.#said.size === 0) return;
    for (const [name, { untilMs }] of this.#said) if (untilMs < frame.nowMs) this.#said.delete(name);
    for (const actor of actors) {
      const said = actor.kind === "Player" && actor.goneMs === null ? this.#said.get(actor.entity.name) : null;
      if (said && frame.isInView(actor)) drawBubble(context, said.lines, actor.x, actor.y - topOf(actor) - 18, frame);
    }
  }
}

function drawBubble(context, lines, x, y, { camera, labels, textSize }) {
  const pictures = lines.map((line) => labels.get(line, INK, textSize, "500"));
  const wide = Math.max(...pictures.map(({ width }) => width)) + textSize;
  const step = Math.round(textSize * 1.25);
  const high = step * lines.length + Math.round(textSize * 0.8);
  const middle = Math.round((Math.round(x) - camera.x) * camera.zoom);
  const bottom = Math.round((Math.round(y) - camera.y) * camera.zoom);
  context.fillStyle = PAPER;
  context.beginPath();
  context.roundRect(middle - wide / 2, bottom - high, wide, high, textSize / 2);
  context.moveTo(middle - 6, bottom);
  context.lineTo(middle, bottom + 7);
  context.lineTo(middle + 6, bottom);
  context.fill();
  pictures.forEach((picture, line) => {
    context.drawImage(
      picture,
      Math.round(middle - picture.width / 2),
      Math.round(bottom - high + textSize * 0.25 + line * step),
    );
  });
}
