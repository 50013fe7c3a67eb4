// An evening outside the gate, drawn small and shown large: hills, trees, a castle, fireflies.

const [WIDTH, HEIGHT] = [320, 180];
const SKY = ["#1b2140", "#27294f", "#3b305f", "#5a3a6b", "#84486f", "#b3606a", "#dd8560", "#f3b163"];
/** Hills from far to near: colour, height of the middle, height and length of the waves. */
const HILLS = [
  ["#4b3a63", 118, 12, 61],
  ["#3a3158", 130, 9, 43],
  ["#2a2a49", 143, 8, 71],
  ["#1c2238", 158, 6, 53],
];
const FRAME_MS = 100;

/** Draws the picture behind the landing page and the accounts. */
export class Backdrop {
  #canvas;
  #still = null;
  #timer = null;
  #isPainted = false;
  #isWaiting = false;
  /** Whether it is to be calm, since somebody has started it; null while it is stopped. */
  #isCalm = null;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.#canvas = canvas;
    Object.assign(canvas, { width: WIDTH, height: HEIGHT });
  }

  /** Shows a painted picture instead of the drawn one, where there is one. */
  paint(picture) {
    if (!picture) return;
    Object.assign(this.#canvas, { width: picture.width, height: picture.height });
    this.#still = picture;
    this.#isPainted = true;
  }

  /** Shows nothing until the painted picture is here, or is known to be none. */
  async paintOnce(coming) {
    this.#isWaiting = true;
    this.paint(await coming);
    this.#isWaiting = false;
    if (this.#isCalm !== null) this.start(this.#isCalm);
  }

  /** @param {boolean} isCalm Draws it once and lets it be. */
  start(isCalm) {
    this.#isCalm = isCalm;
    if (this.#timer !== null || this.#isWaiting) return;
    this.#canvas.hidden = false;
    this.#canvas.classList.toggle("painted", this.#isPainted);
    this.#still ??= drawLand();
    this.#draw(0);
    if (!isCalm) this.#timer = setInterval(() => this.#draw(performance.now()), FRAME_MS);
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = this.#isCalm = null;
    this.#canvas.hidden = true;
  }

  #draw(nowMs) {
    if (document.hidden) return;
    const context = this.#canvas.getContext("2d");
    context.drawImage(this.#still, 0, 0);
    drawFireflies(context, nowMs / 1000, this.#canvas);
  }
}

function drawLand() {
  const canvas = Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT });
  const context = canvas.getContext("2d");
  const random = seeded(7);
  drawSky(context, random);
  HILLS.forEach((hill, index) => {
    drawHill(context, hill);
    if (index === 0) drawCastle(context, 226, hillTop(hill, 226));
    else drawTrees(context, hill, index, random);
  });
  return canvas;
}

function drawSky(context, random) {
  const band = 118 / SKY.length;
  for (let y = 0; y < HEIGHT; y += 1) {
    for (let x = 0; x < WIDTH; x += 1) {
      // Two colours meet in a pattern of single pixels.
      const at = y / band + ((x + y) % 2 === 0 ? 0.25 : -0.25);
      context.fillStyle = SKY[Math.max(0, Math.min(SKY.length - 1, Math.floor(at)))];
      context.fillRect(x, y, 1, 1);
    }
  }
  for (let star = 0; star < 70; star += 1) {
    context.fillStyle = `rgba(255, 240, 210, ${0.25 + 0.6 * random()})`;
    context.fillRect(Math.floor(random() * WIDTH), Math.floor(random() ** 2 * 60), 1, 1);
  }
  disc(context, 58, 34, 11, "#f7e6b6");
  disc(context, 54, 31, 2, "#e3cd97");
  disc(context, 61, 38, 3, "#e3cd97");
}

function disc(context, x, y, radius, colour) {
  context.fillStyle = colour;
  for (let dy = -radius; dy <= radius; dy += 1) {
    const half = Math.floor(Math.sqrt(radius * radius - dy * dy));
    context.fillRect(x - half, y + dy, 2 * half + 1, 1);
  }
}

function hillTop([, middle, high, long], x) {
  return Math.round(middle + high * Math.sin(x / long + middle) + (high / 3) * Math.sin((x * 2.7) / long));
}

function drawHill(context, hill) {
  [context.fillStyle] = hill;
  for (let x = 0; x < WIDTH; x += 1) {
    const top = hillTop(hill, x);
    context.fillRect(x, top, 1, HEIGHT - top);
  }
}

function drawTrees(context, hill, size, random) {
  context.fillStyle = hill[0];
  for (let x = Math.floor(random() * 6); x < WIDTH; x += 3 + Math.floor(random() * (6 + 5 * size))) {
    const tall = Math.floor((4 + 5 * random()) * (0.6 + size * 0.75));
    const top = hillTop(hill, x) - tall;
    for (let y = 0; y < tall; y += 1) {
      const half = Math.floor(((y % 4) + y * 0.75) * 0.32);
      context.fillRect(x - half, top + y, 2 * half + 1, 1);
    }
    context.fillRect(x, top + tall - 1, 1, 4);
  }
}

function drawCastle(context, x, ground) {
  context.fillStyle = "#3d3159";
  const tower = (left, width, tall) => {
    context.fillRect(left, ground - tall, width, tall + 8);
    for (let tooth = left; tooth < left + width; tooth += 2) context.fillRect(tooth, ground - tall - 2, 1, 2);
  };
  tower(x, 44, 14);
  tower(x - 4, 9, 24);
  tower(x + 39, 9, 24);
  tower(x + 14, 16, 32);
  for (const [roof, width, tall] of [
    [x, 9, 26],
    [x + 43, 9, 26],
    [x + 22, 13, 34],
  ]) {
    for (let y = 0; y < 9; y += 1)
      context.fillRect(
        roof - Math.floor((y * width) / 18),
        ground - tall - 9 + y,
        1 + 2 * Math.floor((y * width) / 18),
        1,
      );
  }
  context.fillStyle = "#1d1a33";
  context.fillRect(x + 18, ground - 10, 8, 12);
  context.fillStyle = "#ffcf6b";
  for (const [dx, dy] of [
    [-1, 16],
    [43, 16],
    [18, 24],
    [25, 24],
    [21, 18],
    [22, 5],
  ])
    context.fillRect(x + dx, ground - dy, 1, 2);
}

function drawFireflies(context, seconds, { width, height }) {
  for (let index = 0; index < 26; index += 1) {
    const glow = Math.sin(seconds * (0.6 + (index % 5) * 0.17) + index * 2.1);
    if (glow < 0.1) continue;
    const x = (index * 0.166 * width + 9 * Math.sin(seconds * 0.31 + index)) % width;
    const y = height * 0.77 + ((index * 29) % 38) + 4 * Math.sin(seconds * 0.43 + index * 1.7);
    context.fillStyle = `rgba(255, 214, 110, ${glow})`;
    context.fillRect(Math.round(x), Math.round(y), 1, 1);
  }
}

/** Numbers from 0 to 1, always the same ones. */
function seeded(seed) {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
}
