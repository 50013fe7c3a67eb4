// An operator watches a player without a character, and is seen by nobody: node watch.mjs URL FOLDER TOKEN

import { Visitor, base, inBrowser, newName } from "./testing/visitor.mjs";

const token = process.argv[4];

/** The figure of this name in the operator's list. */
const figure = (page, name) => page.locator(".network dt", { hasText: new RegExp(`^${name}$`) }).locator("+ dd").innerText();
const isElsewhere = async (page, before) => (await figure(page, "Position")) !== before;

await inBrowser(async (browser) => {
  const player = await Visitor.arrive(browser, newName("Watched"));
  await player.makesItself("Warrior");

  // Whoever guesses is told nothing.
  const stranger = await Visitor.arrive(browser, "stranger");
  await stranger.page.goto(`${base}/play?watch`);
  await stranger.page.getByLabel("Service token").fill("a guess");
  await stranger.page.getByRole("button", { name: "Show the channels" }).click();
  await stranger.page.getByText("Wrong service token.").waitFor();

  const operator = await Visitor.arrive(browser, "operator");
  const { page } = operator;
  await page.goto(`${base}/`);
  await page.getByRole("link", { name: "Watch a channel" }).click();
  await page.getByLabel("Service token").fill(token);
  await page.keyboard.press("Enter");
  await operator.picture("watch-channels");
  await page.getByRole("button", { name: /\b1 player\b/ }).first().click();

  // Followed by the keyboard alone, from the list of who is in view.
  const row = page.getByRole("region", { name: "Characters in view" }).getByRole("button", { name: player.name });
  await row.focus();
  await page.keyboard.press("Enter");
  await page.getByText(`Following ${player.name}`).waitFor();
  const began = await figure(page, "Position");
  await player.page.keyboard.down("KeyA");
  await operator.until("the player walks, and the eye goes along", () => isElsewhere(page, began));
  await operator.picture("watch-follows");
  await player.page.keyboard.up("KeyA");

  // Let go, then led by the keys and by the mouse.
  await page.keyboard.press("Escape");
  await operator.until("nobody is followed", async () => !(await page.getByText("Following").isVisible()));
  const free = await figure(page, "Position");
  await page.keyboard.down("ArrowRight");
  await operator.until("the eye goes where the key leads", () => isElsewhere(page, free));
  await page.keyboard.up("ArrowRight");
  const keyed = await figure(page, "Position");
  await page.mouse.move(500, 400);
  await page.mouse.down();
  await page.mouse.move(300, 300, { steps: 5 });
  await page.mouse.up();
  await operator.until("the eye goes where the mouse drags", () => isElsewhere(page, keyed));

  // The token is in no address and in no storage.
  const kept = await page.evaluate(() => JSON.stringify([location.href, { ...localStorage }, { ...sessionStorage }]));
  if (kept.includes(token)) throw new Error("the page has kept the service token");
  await page.getByRole("button", { name: "Other channels" }).click();
  await page.getByRole("button", { name: /\b1 player\b/ }).first().waitFor();
  operator.assertNoComplaint();
  player.assertNoComplaint();
  console.log("an operator followed a player");
});
