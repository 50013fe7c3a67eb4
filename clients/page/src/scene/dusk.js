// Darkness underground: light around the player, and black where that does not reach.

const LIT_PX = 70;
const DARK_PX = 330;
/** In so many steps the light falls off, each of which takes this share of the darkness: no ring of them is seen. */
const STEPS = 44;
const SHARE = 0.07;

/** A picture of the darkness around somebody, for a view of some size. */
export class Dusk {
  #picture = document.createElement("canvas");
  #key = "";

  /** Draws it around a point of the view. */
  draw(context, { view, own, darkness }) {
    if (darkness <= 0 || !own) return;
    const picture = this.#pictureFor(view, darkness);
    const [x, y] = [Math.round(own.x) - view.x, Math.round(own.y) - 16 - view.y];
    context.drawImage(picture, view.width - x, view.height - y, view.width, view.height, 0, 0, view.width, view.height);
  }

  /** Twice as large as the view: the player can be anywhere in that. */
  #pictureFor({ width, height }, darkness) {
    const key = `${width} ${height} ${darkness}`;
    if (this.#key === key) return this.#picture;
    this.#key = key;
    [this.#picture.width, this.#picture.height] = [width * 2, height * 2];
    const context = this.#picture.getContext("2d");
    context.fillStyle = `rgba(8, 6, 18, ${darkness})`;
    context.fillRect(0, 0, width * 2, height * 2);
    // Each smaller circle takes a share of what is left.
    context.globalCompositeOperation = "destination-out";
    context.fillStyle = `rgba(0, 0, 0, ${SHARE})`;
    for (let step = 0; step < STEPS; step += 1) {
      const radius = DARK_PX + ((LIT_PX - DARK_PX) * step) / (STEPS - 1);
      context.beginPath();
      context.arc(width, height, radius, 0, 2 * Math.PI);
      context.fill();
    }
    return this.#picture;
  }
}
