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
  await touch("touchStart", [{ x: 120, y: 560 }]);
  await touch("touchMove", [{ x: 60, y: 560 }]);
  await visitor.until("somebody who attacks", () => visitor.isInAFight());
  await visitor.picture("phone-walks");
  await touch("touchEnd", []);
  const strike = page.locator(".ability").first();
  await visitor.until("a kill", async () => {
    await strike.tap();
    return (await visitor.experience()) > 0;
  });
  await visitor.picture("phone-has-killed");
  visitor.assertNoComplaint();
  console.log("a newcomer killed a mob by touch");
});
