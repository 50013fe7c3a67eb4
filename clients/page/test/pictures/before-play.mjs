// Pictures of the screens before the game.

import { arrives, frames, leaves, logsIn } from "../testing/member.mjs";
import { base, Visitor } from "../testing/visitor.mjs";

export async function landing(browser) {
  const visitor = await Visitor.arrive(browser, "landing");
  const { page } = visitor;
  await page.goto(`${base}/`);
  await page.getByText(/players? in the world/).waitFor();
  await page.waitForLoadState("networkidle");
  await frames(page, 2);
  await visitor.picture("landing");
  await leaves(visitor);
}

export async function logIn(browser) {
  const visitor = await arrives(browser, "aldric");
  await visitor.page.waitForLoadState("networkidle");
  await frames(visitor.page, 2);
  await visitor.picture("log-in");
  await leaves(visitor);
}

/** Several characters, one of them about to be gone. */
export async function characters(browser) {
  const visitor = await arrives(browser, "aldric");
  const { page } = visitor;
  await logsIn(visitor);
  if (await page.getByRole("button", { name: "Delete Old Tamsin" }).isVisible()) {
    await page.getByRole("button", { name: "Delete Old Tamsin" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  }
  await page.getByRole("button", { name: "Restore Old Tamsin" }).waitFor();
  await page.waitForLoadState("networkidle");
  await frames(page, 2);
  await visitor.picture("characters");
  await leaves(visitor);
}
