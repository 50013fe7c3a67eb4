// Two who stand beside each other: node neighbours.mjs URL FOLDER

import { frames } from "./testing/member.mjs";
import { Player } from "./testing/player.mjs";
import { inBrowser, newName } from "./testing/visitor.mjs";

/** From the lower edge of a name to somewhere on the body below it. */
const BODY_PX = 36;

await inBrowser(async (browser) => {
  const [anna, ben] = [await Player.arrive(browser, newName("Anna")), await Player.arrive(browser, newName("Ben"))];
  await anna.makesItself("Warrior");
  await ben.makesItself("Ranger");
  await ben.page.keyboard.press("KeyD", { delay: 600 });
  const { page } = anna;

  // A right click opens what can be done with a player, and it stays open.
  const menu = page.getByRole("menu", { name: ben.name });
  const opensTheMenu = async () => {
    const { x, y } = await anna.untilStands(ben.name);
    await page.mouse.click(x, y + BODY_PX, { button: "right" });
    await menu.waitFor();
    return { x, y };
  };
  await opensTheMenu();
  await frames(page, 10);
  await anna.picture("menu-of-a-player");
  await menu.getByRole("menuitem", { name: "Target", exact: true }).click();
  await menu.waitFor({ state: "hidden" });
  await anna.until(`${ben.name} is the target`, () => anna.isTarget(ben.name));

  // A press beside it closes it.
  const { x, y } = await opensTheMenu();
  await page.mouse.click(x - 200, y + 150);
  await menu.waitFor({ state: "hidden" });
  for (const one of [anna, ben]) one.assertNoComplaint();
  console.log("a player's menu opens by a right click");
});
