// What a player's eye reads in the world: the texts that the page draws there in a frame, and where. The page itself knows nothing
// of it.

/** Runs in the page before its own scripts. `eye()` answers the texts of the newest frame: middle and lower edge, in pixels. */
function openTheEye() {
  const painter = CanvasRenderingContext2D.prototype;
  const { fillText, drawImage } = painter;
  const { requestAnimationFrame } = globalThis;
  /** Texts are painted once, on a canvas of their own, and then copied. */
  const painted = new WeakMap();
  let [shown, drawn] = [[], null];
  painter.fillText = function (text, ...rest) {
    painted.set(this.canvas, text);
    return fillText.call(this, text, ...rest);
  };
  painter.drawImage = function (picture, ...rest) {
    if (drawn && this.canvas.className === "world") {
      const text = painted.get(picture);
      const [left, top] = rest;
      if (text === undefined) drawn.isWorld = true;
      else drawn.texts.push({ text, x: left + picture.width / 2, y: top + picture.height });
    }
    return drawImage.call(this, picture, ...rest);
  };
  globalThis.requestAnimationFrame = (draw) =>
    requestAnimationFrame((nowMs) => {
      drawn = { texts: [], isWorld: false };
      draw(nowMs);
      if (drawn.isWorld) shown = drawn.texts;
      drawn = null;
    });
  globalThis.eye = () => shown;
}

/** Opens the eye of a page that is still empty. */
export async function openEye(page) {
  await page.addInitScript(openTheEye);
}

/** The texts that the page shows in the world now: `{ text, x, y }`, pixels of the window where its pixels are the screen's. */
export async function look(page) {
  return page.evaluate(() => globalThis.eye());
}
