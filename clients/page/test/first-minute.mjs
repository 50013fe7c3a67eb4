// A new player who follows what the page says kills an enemy, and does not die, by mouse, touch and keyboard: node first-minute.mjs URL FOLDER

import { Visitor, base, inBrowser, newName, onlyTooLate } from "./testing/visitor.mjs";

const PHONE = { viewport: { width: 844, height: 390 }, hasTouch: true, isMobile: true };
const MAP_PX = 176;
const TILES_ACROSS = 44;
/** From so near, an enemy stands on the screen. */
const ON_SCREEN_TILES = 5;
const STEP_MS = 400;
/** So long a step takes for each tile, a little less than it is walked in. */
const MS_PER_TILE = 200;

/** What the small map shows: how far away the nearest red dot is, in tiles to the east and to the south; null without one. */
async function nearestRedDot(page) {
  const offset = await page.locator("canvas.mini-map").evaluate((canvas) => {
    const { data, width, height } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const pixels = Array.from({ length: width * height }, (_, pixel) => ({
      x: pixel % width,
      y: Math.floor(pixel / width),
      colour: data.slice(4 * pixel, 4 * pixel + 3),
    }));
    const of = (red, green, blue) =>
      pixels.filter(({ colour: [r, g, b] }) => Math.abs(r - red) + Math.abs(g - green) + Math.abs(b - blue) < 24);
    const [own] = of(0xff, 0xff, 0xff);
    if (!own) return null;
    const from = of(0xf0, 0x60, 0x4d).map(({ x, y }) => ({ x: x - own.x, y: y - own.y }));
    return from.sort((one, other) => Math.hypot(one.x, one.y) - Math.hypot(other.x, other.y))[0] ?? null;
  });
  const tiles = (px) => (px * TILES_ACROSS) / MAP_PX;
  return offset && { east: tiles(offset.x), south: tiles(offset.y) };
}

const middleOf = ({ width, height }) => ({ x: width / 2, y: height / 2 });

/** Which part of the way is walked first: out of the town, the gates are where the spawn point is. */
function firstLeg({ east, south }) {
  return Math.abs(south) > 1 && Math.abs(east) < 8 ? { east: 0, south } : { east, south: 0 };
}

/** The places of the screen where an enemy in this direction may stand, from near to far. */
function placesTowards(page, dot) {
  const steps = Array.from({ length: 24 }, (_, index) => 16 + index * 12);
  return steps.map((px) => pointTowards(page, dot, px));
}

/** The point of the screen so many pixels from the middle, in a direction. */
function pointTowards(page, { east, south }, px) {
  const { x, y } = middleOf(page.viewportSize());
  const far = Math.hypot(east, south);
  return [x + (east / far) * px, y + (south / far) * px];
}

/** Each device: how one walks so far, and how one attacks what is near, as the hints say. */
const DEVICES = {
  mouse: {
    options: { viewport: { width: 1280, height: 720 } },
    press: (locator) => locator.click(),
    async walk(page, dot) {
      await page.mouse.click(...pointTowards(page, dot, 200));
      await page.waitForTimeout(STEP_MS);
    },
    /** The pointer shows where an enemy is. */
    async attack(page, dot) {
      for (const [x, y] of placesTowards(page, dot)) {
        await page.mouse.move(x, y);
        await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
        const cursor = await page.locator("canvas.world").evaluate((canvas) => canvas.style.cursor);
        if (cursor !== "crosshair") continue;
        await page.mouse.click(x, y);
        return true;
      }
      return false;
    },
  },
  touch: {
    options: PHONE,
    press: (locator) => locator.tap(),
    async walk(page, dot) {
      await page.touchscreen.tap(...pointTowards(page, dot, 120));
      await page.waitForTimeout(STEP_MS);
    },
    async attack(page, dot) {
      for (const [x, y] of placesTowards(page, dot).filter((_, index) => index % 2 === 0)) {
        await page.touchscreen.tap(x, y);
        const target = page.locator(".unit.target");
        if (await target.waitFor({ timeout: STEP_MS }).then(() => true, onlyTooLate)) return true;
      }
      return false;
    },
  },
  keyboard: {
    options: { viewport: { width: 1280, height: 720 } },
    press: async (locator) => {
      await locator.focus();
      await locator.press("Enter");
    },
    async walk(page, { east, south }) {
      const key = Math.abs(east) > Math.abs(south) ? (east > 0 ? "KeyD" : "KeyA") : south > 0 ? "KeyS" : "KeyW";
      const tiles = Math.max(Math.abs(east), Math.abs(south));
      await page.keyboard.press(key, { delay: Math.min(STEP_MS, tiles * MS_PER_TILE) });
    },
    async attack(page) {
      await page.keyboard.press("Tab");
      const target = page.locator(".unit.target");
      if (!(await target.waitFor({ timeout: STEP_MS }).then(() => true, onlyTooLate))) return false;
      await page.keyboard.press("Digit1");
      return true;
    },
  },
};

/** Walks to the nearest red dot and attacks it, until somebody has died of it. */
async function killsSomebody(visitor, { walk, attack, ...device }) {
  const { page } = visitor;
  let isFighting = false;
  await visitor.until("a kill", async () => {
    if ((await visitor.experience()) > 0) return true;
    if (await page.getByRole("button", { name: "Return to the safe zone" }).isVisible()) throw new Error("the newcomer has died");
    // Somebody who sells was in the way.
    const close = page.locator(".panels .window").getByRole("button", { name: "Close" }).first();
    if (await close.isVisible()) await device.press(close);
    isFighting &&= await page.locator(".unit.target").isVisible();
    if (isFighting) return false;
    const dot = await nearestRedDot(page);
    if (dot && Math.hypot(dot.east, dot.south) < ON_SCREEN_TILES) isFighting = await attack.call({ walk, ...device }, page, dot);
    if (dot && !isFighting) await walk(page, firstLeg(dot));
    return false;
  });
}

/** From “Play now” to a kill. */
async function lives(browser, name, device) {
  const visitor = await Visitor.arrive(browser, newName(`First${name}`), device.options);
  const { page } = visitor;
  await page.goto(`${base}/play`);
  const beganMs = performance.now();
  await device.press(page.getByRole("button", { name: "Play now" }));
  await page.getByRole("radio", { name: "Warrior" }).check();
  await page.getByLabel("Name", { exact: true }).fill(visitor.name);
  await device.press(page.getByRole("button", { name: "Create character" }));
  await visitor.isInTheWorld();
  const hint = page.locator(".hint");
  await visitor.until("the first hint", async () => (await hint.textContent()).includes("Walk with"));
  await killsSomebody(visitor, device);
  const tookMs = performance.now() - beganMs;
  await visitor.picture(`first-minute-${name}`);
  visitor.assertNoComplaint();
  await page.context().close();
  console.log(`${name}: the first enemy was killed ${(tookMs / 1000).toFixed(1)} s after “Play now”, and the newcomer lives`);
}

await inBrowser(async (browser) => {
  for (const [name, device] of Object.entries(DEVICES)) await lives(browser, name, device);
});
