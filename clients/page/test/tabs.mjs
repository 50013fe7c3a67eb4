// A copy of a tab asks for a log-in of its own, and the first one plays on: node tabs.mjs URL FOLDER

import { Visitor, base, inBrowser, newName } from "./testing/visitor.mjs";

await inBrowser(async (browser) => {
  const visitor = await Visitor.arrive(browser, newName("Tab"));
  const { page } = visitor;
  await visitor.makesItself("Warrior");
  const opened = page.waitForEvent("popup");
  // A window that a page opens begins with a copy of what its tab keeps, as a tab that people duplicate does.
  await page.evaluate((address) => void window.open(address), `${base}/play`);
  const copy = await opened;
  await copy.getByText("Another tab is using your login").waitFor();
  await visitor.picture("tab-copied");
  await copy.close();
  await page.reload();
  await visitor.entersBy(page.getByRole("button", { name: "Enter the world" }).first());
  visitor.assertNoComplaint();
  console.log("a copied tab left the log-in to the first one");
});
