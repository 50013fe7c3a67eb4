// Somebody of the cast (tests/src/browser/cast.rs): an account that is there already, with characters that are somewhere.

import { base, Visitor } from "./visitor.mjs";

const PASSWORD = "correct horse battery";
const FRAMES_TO_SETTLE = 60;
/** Between two attempts to enter. */
const PAUSE_MS = 2_000;

/** Opens a window at the log-in. */
export async function arrives(browser, account, options) {
  const visitor = await Visitor.arrive(browser, account, options);
  await visitor.page.goto(`${base}/play`);
  await visitor.page.getByLabel("User name").first().waitFor();
  return visitor;
}

/** Shows an account of the cast, up to its characters. */
export async function logsIn({ page, name }) {
  await page.getByLabel("User name").first().fill(name);
  await page.getByLabel("Password").first().fill(PASSWORD);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Who will you be?" }).waitFor();
}

/** Chooses a character, until the player sees it in the world. */
export async function enters(visitor, character, press = (locator) => locator.click()) {
  const { page } = visitor;
  await press(page.getByRole("button", { name: `Enter the world as ${character}` }));
  const again = page.getByRole("button", { name: "Enter again" });
  await visitor.until("the world", async () => {
    // A machine that has much to do lets nobody in for a moment.
    if (await again.isVisible()) await page.waitForTimeout(PAUSE_MS).then(() => press(again));
    return page.locator(".ability").first().isVisible();
  });
  await settles(visitor);
}

/** A character of the cast in the world, in a window of its own. */
export async function plays(browser, account, character, options) {
  const visitor = await arrives(browser, account, options);
  await logsIn(visitor);
  await enters(visitor, character);
  return visitor;
}

/** Waits until the own character is shown, with all pictures, and the curtain is up. */
export async function settles({ page }) {
  await page.waitForFunction(() => performance.getEntriesByName("own character shown").length > 0);
  await page.waitForLoadState("networkidle");
  await frames(page, FRAMES_TO_SETTLE);
}

/** Waits for so many frames. */
export async function frames(page, count) {
  await page.evaluate(
    (left) =>
      new Promise((resolve) => {
        const next = () => ((left -= 1), left > 0 ? requestAnimationFrame(next) : resolve());
        requestAnimationFrame(next);
      }),
    count,
  );
}

/** Says a line in the chat, or does what a line with `/` says. */
export async function says({ page }, line) {
  await page.getByLabel("Say something").fill(line);
  await page.getByLabel("Say something").press("Enter");
}

/** From the world back to the characters: nobody is left behind, and another character of the account can enter. */
export async function goesBack({ page }) {
  await page.getByRole("button", { name: "Menu" }).click();
  await page.getByRole("button", { name: "Switch character" }).click();
  await page.getByRole("heading", { name: "Who will you be?" }).waitFor();
}

/** Closes the window. Who is in the world stays there for a while. */
export async function leaves(visitor) {
  await visitor.page.context().close();
}
