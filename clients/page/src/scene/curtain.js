// What lies over the whole screen: black on the way to another map, a red edge when health is low.

const FADE_MS = 350;
/** From this share of health on the edge of the screen is red. */
const LOW = 0.35;

export class Curtain {
  #from = 0;
  #to = 0;
  #sinceMs = 0;
  #edge = null;

  /** Fades to black, or back. */
  fade(toBlack, nowMs, atOnce) {
    this.#from = atOnce ? Number(toBlack) : this.#alpha(nowMs);
    [this.#to, this.#sinceMs] = [Number(toBlack), nowMs];
  }

  #alpha(nowMs) {
    const share = Math.min(Math.max((nowMs - this.#sinceMs) / FADE_MS, 0), 1);
    return this.#from + (this.#to - this.#from) * share;
  }

  draw(context, { width, height }, nowMs) {
    const alpha = this.#alpha(nowMs);
    if (alpha <= 0) return;
    context.globalAlpha = alpha;
    context.fillStyle = "#000";
    context.fillRect(0, 0, width, height);
    context.globalAlpha = 1;
  }

  /** A red edge around the screen, the stronger the less health the player has. */
  drawDanger(context, canvas, { own, nowMs, isStill }) {
    const { Health: health } = own?.entity.components ?? {};
    if (!health) return;
    const share = health.current / Math.max(health.max, 1);
    if (share >= LOW) return;
    const beat = isStill ? 1 : 0.85 + 0.15 * Math.sin(nowMs / 260);
    context.globalAlpha = (1 - share / LOW) * 0.6 * beat;
    context.imageSmoothingEnabled = true;
    context.drawImage(this.#edgeOf(), 0, 0, canvas.width, canvas.height);
    context.imageSmoothingEnabled = false;
    context.globalAlpha = 1;
  }

  #edgeOf() {
    if (this.#edge) return this.#edge;
    this.#edge = document.createElement("canvas");
    [this.#edge.width, this.#edge.height] = [128, 72];
    const context = this.#edge.getContext("2d");
    context.scale(1, 72 / 128);
    const red = context.createRadialGradient(64, 64, 40, 64, 64, 88);
    red.addColorStop(0, "rgba(140, 10, 10, 0)");
    red.addColorStop(1, "rgba(140, 10, 10, 0.9)");
    context.fillStyle = red;
    context.fillRect(0, 0, 128, 128);
    return this.#edge;
  }
}
