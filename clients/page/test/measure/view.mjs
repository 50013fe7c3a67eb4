// The page's own numbers, as it shows them to those who want to know.

import { arrives, enters, logsIn } from "../testing/member.mjs";

/** A character of the cast in the world, in a window that shows the numbers. */
export async function playsWithNumbers(browser, account, character) {
  const visitor = await arrives(browser, account);
  await visitor.page.evaluate(() => localStorage.setItem("realmgate.settings", JSON.stringify({ showNetwork: true })));
  await visitor.page.reload();
  await logsIn(visitor);
  await enters(visitor, character);
  return visitor;
}

/** How many figures are on the screen. */
export async function onScreen(page) {
  return Number(await page.locator(".network dt:text-is('On screen') + dd").textContent());
}
