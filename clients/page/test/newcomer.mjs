// From the address to the first kill, with mouse and keyboard: node newcomer.mjs URL FOLDER

import { Visitor, inBrowser, newName, pictures } from "./testing/visitor.mjs";

const WITHIN_MS = 120_000;
/** Where the road out of the town leads, from the middle of the window. */
const WEST = { x: 120, y: 360 };

await inBrowser(async (browser) => {
  const visitor = await Visitor.arrive(browser, newName("Newcomer"));
  const { page } = visitor;
  const beganMs = performance.now();
  await visitor.makesItself("Warrior");
  await visitor.picture("newcomer-arrives");
  // Who holds the button walks there. The road leads to boars, which attack whoever comes near.
  await page.mouse.move(WEST.x, WEST.y);
  await page.mouse.down();
  await visitor.until("somebody who attacks", () => visitor.isInAFight());
  await page.mouse.up();
  await visitor.strikesUntilAKill(async () => visitor.picture("newcomer-fights"));
  const tookMs = performance.now() - beganMs;
  await visitor.picture("newcomer-has-killed");
  visitor.assertNoComplaint();
  console.log(`a newcomer killed a mob after ${(tookMs / 1000).toFixed(1)} s (pictures in ${pictures})`);
  if (tookMs > WITHIN_MS) throw new Error("that is more than two minutes");
});
