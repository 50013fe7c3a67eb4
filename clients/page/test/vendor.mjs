// Nothing is sold by mistake, and what is sold can be bought back: node vendor.mjs URL FOLDER

import { frames } from "./testing/member.mjs";
import { Player } from "./testing/player.mjs";
import { visitsTheSmith } from "./testing/town.mjs";
import { inBrowser, newName } from "./testing/visitor.mjs";

/** Frames in which the server would have answered. */
const A_WHILE = 60;

await inBrowser(async (browser) => {
  const visitor = await Player.arrive(browser, newName("Buyer"));
  const { page } = visitor;
  await visitor.makesItself("Warrior");
  await visitsTheSmith(visitor);
  const owned = async () => [await visitor.gold(), await page.locator(".bag-window .item-slot.filled").count()].join();
  const before = await owned();
  const assertNothingSold = async (by) => {
    await frames(page, A_WHILE);
    if ((await owned()) !== before) throw new Error(`${by} has sold something: ${before} was owned, ${await owned()} is`);
  };

  // Enter is the key of the chat, also beside a window that has just opened.
  await page.keyboard.press("Enter");
  await page.locator(".chat-input:focus").waitFor();
  await page.keyboard.press("Escape");
  await assertNothingSold("Enter");

  const bag = visitor.window("Bag");
  await bag.getByText("Choose an item to sell it.").waitFor();
  const slots = page.locator(".bag-window .item-grid .item-slot.filled");
  for (let at = 0; at < (await slots.count()); at += 1) await slots.nth(at).dblclick();
  await assertNothingSold("a double click");

  await slots.first().click();
  await bag.getByRole("button", { name: "Sell for" }).click();
  await visitor.until("a sale", async () => (await owned()) !== before);

  // What was sold can be bought back.
  await page.getByRole("list", { name: "Sold" }).getByRole("button", { name: /^Buy .* back for/ }).click();
  await visitor.until("what was sold", async () => (await owned()) === before);
  await page.getByRole("list", { name: "Sold" }).waitFor({ state: "hidden" });

  // What is too dear says how much is missing, and cannot be bought.
  const dear = page.getByRole("list", { name: "For sale" }).getByRole("listitem").filter({ hasText: "gold short" });
  await dear.first().waitFor();
  await visitor.picture("vendor-too-dear");
  if (await dear.first().getByRole("button").isEnabled()) throw new Error("what is too dear can be bought");

  // What was sold is offered no more.
  const sell = page.getByRole("list", { name: "Yours to sell" }).getByRole("button", { name: /^Sell/ });
  for (let left = await sell.count(); left > 0; left = await sell.count()) {
    const owns = await owned();
    await sell.first().click();
    await visitor.until("a sale", async () => (await owned()) !== owns);
  }
  await page.getByText("You have nothing to sell here.").waitFor();
  visitor.assertNoComplaint();
  console.log("nothing is sold by mistake, and a sale is undone");
});
