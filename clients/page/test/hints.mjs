// A new player is told what to do next, until it is done: node hints.mjs URL FOLDER

import { Visitor, inBrowser, newName } from "./testing/visitor.mjs";

await inBrowser(async (browser) => {
  const visitor = await Visitor.arrive(browser, newName("Curious"));
  const { page } = visitor;
  const hint = page.locator(".hint");
  const says = (text) => visitor.until(`the hint “${text}”`, async () => (await hint.textContent()).includes(text) && hint.isVisible());
  await visitor.makesItself("Warrior");

  await says("Walk with W A S D");
  await visitor.picture("hint-walk");
  await page.keyboard.press("KeyW", { delay: 900 });
  await page.keyboard.press("KeyS", { delay: 900 });
  await says("The red dots on the minimap are enemies");

  // A new character wears what it has. What could be worn and is not has a hint.
  await page.keyboard.press("KeyB");
  await page.locator(".bag-window .worn .item-slot.filled").first().dblclick();
  await says("Open your bag with B and double-click");
  const slots = page.locator(".bag-window .item-grid .item-slot.filled");
  for (let left = await slots.count(); left > 0; left -= 1) await slots.nth(left - 1).dblclick();
  await visitor.until("the hint is gone", async () => !(await hint.textContent()).includes("bag") || !(await hint.isVisible()));
  await page.keyboard.press("KeyB");

  await says("The red dots on the minimap are enemies");

  // What is done stays done, also in another window of this browser, and Settings bring all of it back.
  await hint.getByRole("button", { name: "Hide hints" }).click();
  await hint.waitFor({ state: "hidden" });
  const kept = await page.evaluate(() => JSON.parse(localStorage["realmgate.settings"]));
  if (kept.hints || !kept.hintsDone.includes("walk")) throw new Error(`kept is ${JSON.stringify(kept)}`);
  await page.getByRole("button", { name: "Menu" }).click();
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByLabel("Hints for new players").check();
  await page.keyboard.press("Escape");
  await says("Walk with W A S D");

  // The road leads west, to enemies.
  await page.keyboard.down("KeyA");
  await says("Click an animal or an enemy to attack it");
  await page.keyboard.up("KeyA");
  await visitor.picture("hint-attack");
  await page.keyboard.press("Tab");
  await says("Use your abilities with 1 to 6");
  visitor.assertNoComplaint();
  console.log("a new player is told what to do next");
});
