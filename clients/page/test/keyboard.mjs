// From the address to the first kill, by keyboard alone: node keyboard.mjs URL FOLDER

import { Visitor, base, inBrowser, newName } from "./testing/visitor.mjs";

/** Presses Tab until this has the focus. */
async function tabTo(page, locator) {
  for (let presses = 0; presses < 40; presses += 1) {
    await page.keyboard.press("Tab");
    if (await locator.evaluate((element) => element === document.activeElement)) return;
  }
  throw new Error(`Tab does not lead to ${locator}`);
}

await inBrowser(async (browser) => {
  const visitor = await Visitor.arrive(browser, newName("Keys"));
  const { page } = visitor;
  const { keyboard } = page;
  await page.goto(`${base}/`);
  await tabTo(page, page.getByRole("link", { name: "Play" }));
  await keyboard.press("Enter");
  const tab = page.getByRole("tab", { name: "Log in" });
  await tab.waitFor();
  await page.locator("button:focus", { hasText: "Play now" }).waitFor();
  await tabTo(page, tab);
  await keyboard.press("ArrowRight");
  await tabTo(page, page.getByLabel("User name").last());
  await keyboard.type(visitor.name);
  await keyboard.press("Tab");
  await keyboard.type("correct horse battery");
  await keyboard.press("Enter");
  await page.getByRole("radio").first().waitFor();
  await tabTo(page, page.getByLabel("Name", { exact: true }));
  await keyboard.type(visitor.name);
  await keyboard.press("Enter");
  await visitor.isInTheWorld();
  // The road leads west out of the town, to boars, which attack whoever comes near.
  const walk = async () => {
    await keyboard.down("KeyA");
    return () => keyboard.up("KeyA");
  };
  await visitor.fightsUntilAKill(walk, visitor.holdsTheFirstKey);
  await visitor.picture("keyboard-has-killed");
  visitor.assertNoComplaint();
  console.log("a newcomer killed a mob by keyboard alone");
});
