// A picture of play on a phone.

import { arrives, enters, frames, leaves, logsIn } from "../testing/member.mjs";

const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };

export async function phone(browser) {
  const visitor = await arrives(browser, "wren", PHONE);
  await logsIn(visitor);
  await enters(visitor, "Wren", (locator) => locator.tap());
  const { page } = visitor;
  const first = page.locator(".ability").first();
  await visitor.until("a shot at somebody", async () => {
    if (await page.locator(".ability.ready:not(.cooling)").first().isVisible()) await first.tap();
    return page.getByRole("region", { name: "Target" }).isVisible();
  });
  const fingers = await page.context().newCDPSession(page);
  const touch = (type, touchPoints) => fingers.send("Input.dispatchTouchEvent", { type, touchPoints });
  await touch("touchStart", [{ x: 110, y: 600 }]);
  await touch("touchMove", [{ x: 70, y: 580 }]);
  await frames(page, 20);
  await visitor.picture("phone");
  await touch("touchEnd", []);
  await leaves(visitor);
}
