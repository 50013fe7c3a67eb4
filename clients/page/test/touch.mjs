// From the address to the first kill, by touch on a phone: node touch.mjs URL FOLDER

import { Visitor, inBrowser, newName } from "./testing/visitor.mjs";

const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };

await inBrowser(async (browser) => {
  const visitor = await Visitor.arrive(browser, newName("Finger"), PHONE);
  const { page } = visitor;
  const tap = (locator) => locator.tap();
  await visitor.makesItself("Warrior", tap);
  await visitor.picture("phone-arrives");
  const fingers = await page.context().newCDPSession(page);
  const touch = (type, points) => fingers.send("Input.dispatchTouchEvent", { type, touchPoints: points });
  // A finger on the left half draws the stick to the west.
  const walk = async () => {
    await touch("touchStart", [{ x: 120, y: 560 }]);
    await touch("touchMove", [{ x: 60, y: 560 }]);
    return async () => {
      await visitor.picture("phone-walks");
      await touch("touchEnd", []);
    };
  };
  const strike = async () => {
    const button = page.locator(".ability").first();
    const taps = setInterval(() => button.tap().catch(() => clearInterval(taps)), 400);
    return async () => clearInterval(taps);
  };
  await visitor.fightsUntilAKill(walk, strike);
  await visitor.picture("phone-has-killed");
  visitor.assertNoComplaint();
  console.log("a newcomer killed a mob by touch");
});
