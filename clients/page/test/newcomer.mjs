// From the address to the first kill, with mouse and keyboard: node newcomer.mjs URL FOLDER

import { Visitor, inBrowser, newName, pictures } from "./testing/visitor.mjs";

/** Where the road out of the town leads, from the middle of the window. */
const WEST = { x: 120, y: 360 };

await inBrowser(async (browser) => {
  const visitor = await Visitor.arrive(browser, newName("Newcomer"));
  const { page } = visitor;
  const beganMs = performance.now();
  await visitor.makesItself("Warrior");
  await visitor.picture("newcomer-arrives");
  // Who holds the button walks there. The road leads to boars, which attack whoever comes near.
  const walk = async () => {
    await page.mouse.move(WEST.x, WEST.y);
    await page.mouse.down();
    return () => page.mouse.up();
  };
  const strike = async () => {
    const rest = await visitor.holdsTheFirstKey();
    await visitor.picture("newcomer-fights");
    return rest;
  };
  await visitor.fightsUntilAKill(walk, strike);
  const tookMs = performance.now() - beganMs;
  await visitor.picture("newcomer-has-killed");
  visitor.assertNoComplaint();
  console.log(`a newcomer killed a mob after ${(tookMs / 1000).toFixed(1)} s (pictures in ${pictures})`);
});
