// What newcomers meet before they know the place: node first-impressions.mjs URL FOLDER

import { Player, TILE_PX } from "./testing/player.mjs";
import { base, inBrowser, newName, PASSWORD, Visitor } from "./testing/visitor.mjs";

/** Two figures that are so far apart do not stand in each other. */
const APART_PX = 8;
/** Newcomers besides the first one. */
const MOST_OTHERS = 4;
/** Longer than the page waits before it says that the line is slow. */
const SLOW_MS = 12_000;

/** A line that is slow makes nobody load the page again, which would begin anew. */
async function waitsOnASlowLine(browser) {
  const visitor = await Visitor.arrive(browser, "patient");
  const { page } = visitor;
  await page.route(/play\.js/, async (route) => {
    await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
    await route.continue();
  });
  await page.goto(`${base}/play`, { waitUntil: "commit" });
  await page.getByText("Still loading. On a slow connection this can take up to a minute.").waitFor();
  if ((await page.getByText(/again/i).count()) > 0) throw new Error("who is patient is asked to load the page again");
  await page.getByRole("button", { name: "Play now" }).waitFor();
  return visitor;
}

/** An address that is not there leads back to the page. */
async function takesAWrongWay(browser) {
  const visitor = await Visitor.arrive(browser, "lost");
  visitor.pardons(/status of 404/);
  await visitor.page.goto(`${base}/nowhere`);
  await visitor.page.getByText("Page not found").first().waitFor();
  await visitor.page.locator("a[href='/']").first().click();
  await visitor.page.getByRole("link", { name: "Play" }).waitFor();
  return visitor;
}

/** The name of an account is public, and its rule is the same before and after a fault. */
async function choosesAName(browser) {
  const visitor = await Visitor.arrive(browser, "named");
  const { page } = visitor;
  visitor.pardons(/status of 4(00|22)/);
  await visitor.findsTheForm();
  const form = page.getByRole("form", { name: "Create an account" });
  if (await page.getByText("Nobody else sees it").isVisible()) throw new Error("a public name is said to be private");
  const hint = await form.locator(".hint").first().innerText();
  await form.getByLabel("User name").fill("no spaces here");
  await form.getByLabel("Password").fill(PASSWORD);
  await form.getByRole("button", { name: "Create account" }).click();
  const fault = form.locator(".error").filter({ hasText: /\S/ }).first();
  await fault.waitFor();
  for (const rule of ["a to z, digits", "_ - . @"]) {
    for (const text of [hint, await fault.innerText()]) if (!text.includes(rule)) throw new Error(`“${text}” does not say “${rule}”`);
  }
  return visitor;
}

/** How far two players stand from each other, in pixels: each is in the middle of its own window. */
async function distance(one, other) {
  const [left, right] = [await one.untilStands(other.name), await other.untilStands(one.name)];
  return Math.hypot(left.x - right.x, left.y - right.y) / 2;
}

/** One player walks out of another one's place, so that names of later newcomers do not make way for its name. */
async function stepsAside(one, seenBy) {
  const from = await seenBy.untilSees(one.name);
  await one.holding(["KeyD"], () =>
    one.until(`${one.name} is out of the way`, async () => {
      const at = await seenBy.sees(one.name);
      return !at || Math.hypot(at.x - from.x, at.y - from.y) > 2 * TILE_PX;
    }),
  );
}

/** Newcomers do not stand in each other, and an ability without a picture has no letters over its level. */
async function arriveTogether(browser) {
  const anna = await Player.arrive(browser, newName("Anna"));
  await anna.makesItself("Warrior");
  const others = [];
  let apart = 0;
  // A spawn point has a dozen places: two newcomers may get the same one, five hardly.
  while (apart < APART_PX && others.length < MOST_OTHERS) {
    const other = await Player.arrive(browser, newName("Ben"));
    await other.makesItself("Ranger");
    others.push(other);
    apart = await distance(anna, other);
    if (apart < APART_PX) await stepsAside(other, anna);
  }
  if (apart < APART_PX) throw new Error(`${others.length + 1} newcomers stand ${apart} pixels from each other`);
  const locked = anna.page.locator(".ability.locked");
  await locked.first().waitFor();
  const letters = await locked.evaluateAll((buttons) => {
    for (const icon of buttons.map((button) => button.querySelector(".ability-icon"))) icon?.classList.add("missing");
    return buttons.filter((button) => getComputedStyle(button.querySelector(".letter")).display !== "none").length;
  });
  if (letters > 0) throw new Error(`${letters} abilities have letters over their levels`);
  return [anna, ...others];
}

await inBrowser(async (browser) => {
  const visitors = [await waitsOnASlowLine(browser), await takesAWrongWay(browser), await choosesAName(browser)];
  for (const visitor of [...visitors, ...(await arriveTogether(browser))]) visitor.assertNoComplaint();
  console.log("first impressions are right");
});
