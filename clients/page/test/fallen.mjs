// Who is attacked fights back, and who has died lives on in safety: node fallen.mjs URL FOLDER

import { frames } from "./testing/member.mjs";
import { inBrowser, newName, Visitor } from "./testing/visitor.mjs";

/** Frames in which a player who still had an order would have left the town. */
const A_WHILE = 120;

/** A warrior on the road west, where boars attack, who stands there and does nothing. */
async function standsAmongBoars(browser, name, settings = {}) {
  const visitor = await Visitor.arrive(browser, newName(name));
  const { page } = visitor;
  await page.addInitScript((chosen) => (localStorage["realmgate.settings"] ??= JSON.stringify(chosen)), settings);
  await visitor.makesItself("Warrior");
  await page.keyboard.down("KeyA");
  await visitor.until("somebody who attacks", () => visitor.isInAFight());
  await page.keyboard.up("KeyA");
  return visitor;
}

/** Who stands by is defended by itself. */
async function fightsBack(browser) {
  const visitor = await standsAmongBoars(browser, "Calm");
  const target = visitor.page.getByRole("region", { name: "Target" });
  await target.waitFor();
  const health = target.getByRole("meter", { name: "Health of the target" });
  await visitor.until("a blow", async () => {
    // What is dead is no target any more: that was a blow, too.
    const [now, most] = await Promise.all(["aria-valuenow", "aria-valuemax"].map((name) => health.getAttribute(name))).catch(() => []);
    return now !== most || (await visitor.experience()) > 0;
  });
  return visitor;
}

/** What was pressed while dead is not done afterwards, and the way back is always at hand. */
async function dies(browser) {
  const visitor = await standsAmongBoars(browser, "Careless", { fightBack: false });
  const { page } = visitor;
  const back = page.getByRole("button", { name: "Return to the safe zone" });
  const focused = page.locator("button:focus", { hasText: "Return to the safe zone" });
  await page.keyboard.press("Tab");
  await back.waitFor();
  for (const key of ["Digit1", "Digit2", "Digit1"]) await page.keyboard.press(key);
  await focused.waitFor();
  await visitor.picture("fallen");
  if ((await page.locator(".ability.locked").count()) === 0) throw new Error("abilities of later levels look as if one had them");
  if (await page.getByText("You cannot do that while dead").isVisible()) throw new Error("a warning covers the screen of the dead");

  await page.keyboard.press("KeyB");
  await page.getByRole("dialog", { name: "Bag" }).waitFor();
  await page.keyboard.press("Escape");
  await focused.waitFor();
  await page.keyboard.press("Enter");
  await back.waitFor({ state: "hidden" });
  const safe = page.getByRole("region", { name: "You" }).getByText("In a safe zone");
  await safe.waitFor({ state: "attached" });
  await frames(page, A_WHILE);
  if ((await safe.count()) === 0 || (await back.isVisible())) throw new Error("who lives again walks out to fight by itself");
  return visitor;
}

await inBrowser(async (browser) => {
  for (const visitor of [await fightsBack(browser), await dies(browser)]) visitor.assertNoComplaint();
  console.log("who is attacked fights back, and who has died stays in safety");
});
