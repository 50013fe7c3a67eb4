// What a newcomer does in the town of the first map.

import { onlyTooLate } from "./visitor.mjs";

/** So many steps lead from where newcomers stand past the smith. */
const STEPS_PAST_THE_SMITH = 25;
/** How long a click on what is in reach, or the answer to it, may take before it is tried again. */
const ANSWER_WITHIN_MS = 5_000;

/**
 * Walks to the smith, who is west of where newcomers stand, and asks what there is to buy. On a busy machine a step may be a
 * long one, past the smith: then the next ones lead back.
 */
export async function visitsTheSmith(visitor) {
  const { page } = visitor;
  const reach = page.getByRole("button", { name: "Trade with" });
  const goods = page.getByRole("list", { name: "For sale" }).getByRole("listitem");
  let [key, steps, wasInReach] = ["KeyA", 0, false];
  await visitor.until("the smith's goods", async () => {
    if (await reach.isVisible()) {
      wasInReach = true;
      await reach.click({ timeout: ANSWER_WITHIN_MS }).catch(onlyTooLate);
      await goods.first().waitFor({ timeout: ANSWER_WITHIN_MS }).catch(onlyTooLate);
    } else if ((await goods.count()) === 0) {
      if (wasInReach || steps === STEPS_PAST_THE_SMITH) [key, steps] = [key === "KeyA" ? "KeyD" : "KeyA", 0];
      wasInReach = false;
      steps += 1;
      await page.keyboard.press(key, { delay: 150 });
    }
    return (await goods.count()) > 0;
  });
}

/** Says something to everybody, and waits until it is heard. */
export async function speaks({ page }, line) {
  const input = page.getByLabel("Say something");
  await input.fill(line);
  await input.press("Enter");
  await page.getByRole("log", { name: "Chat" }).getByText(line).first().waitFor();
}
