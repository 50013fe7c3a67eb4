// What people do in a town: visit vendors, talk.

import { onlyTooLate } from "./visitor.mjs";

/** So many steps lead past whom somebody visits. */
const STEPS_PAST = 25;
/** How long a click on what is in reach, or the answer to it, may take before it is tried again. */
const ANSWER_WITHIN_MS = 5_000;

/** Uses what is in reach: the mouse on the button that says so. */
const byClick = ({ page }) => tradeButton(page).click({ timeout: ANSWER_WITHIN_MS }).catch(onlyTooLate);

const tradeButton = (page) => page.getByRole("button", { name: "Trade with" });

/**
 * Walks to a vendor in steps of the key that leads there, and asks what there is to buy. On a busy machine a step may be a long
 * one, past the vendor: then those of the other key lead back.
 */
export async function visitsVendor(visitor, [there, back], use = byClick) {
  const { page } = visitor;
  const goods = page.getByRole("list", { name: "For sale" }).getByRole("listitem");
  let [key, steps, wasInReach] = [there, 0, false];
  await visitor.until("the vendor's goods", async () => {
    if (await tradeButton(page).isVisible()) {
      wasInReach = true;
      await use(visitor);
      await goods.first().waitFor({ timeout: ANSWER_WITHIN_MS }).catch(onlyTooLate);
    } else if ((await goods.count()) === 0) {
      if (wasInReach || steps === STEPS_PAST) [key, steps] = [key === there ? back : there, 0];
      wasInReach = false;
      steps += 1;
      await page.keyboard.press(key, { delay: 150 });
    }
    return (await goods.count()) > 0;
  });
}

/** Visits the smith, who is west of where newcomers stand. */
export const visitsTheSmith = (visitor) => visitsVendor(visitor, ["KeyA", "KeyD"]);

/** Says something to everybody, and waits until it is heard. */
export async function speaks({ page }, line) {
  const input = page.getByLabel("Say something");
  await input.fill(line);
  await input.press("Enter");
  await page.getByRole("log", { name: "Chat" }).getByText(line).first().waitFor();
}
