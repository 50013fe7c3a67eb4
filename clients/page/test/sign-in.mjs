// Who comes by an account at a provider, and who keeps a guest's account by one: node sign-in.mjs URL FOLDER

import { join } from "node:path";
import { base, inBrowser, newName, pictures, Visitor } from "./testing/visitor.mjs";

async function arrives(browser) {
  const visitor = await Visitor.arrive(browser, newName("known"));
  await visitor.page.goto(`${base}/play`);
  return visitor;
}

/** Begins a log-in as a game does, which has no browser of its own. */
async function begins() {
  const begun = await (await fetch(`${base}/api/v1/auth/google`)).json();
  const status = async () => (await (await fetch(`${base}/api/v1/auth/session/${begun.session_id}`)).json()).status;
  return { ...begun, status };
}

/** Goes on at a provider that knows the browser, and asks whether it may go on. */
async function goesOn(tab) {
  await tab.locator("[name=prompt][value=consent]").waitFor({ state: "attached" });
  await tab.locator("[type=submit]").click();
}

/** A game's log-in ends on a page that asks. */
async function agreesToAGame({ page }) {
  const { authorization_url: url, code, status } = await begins();
  const tab = await page.context().newPage();
  await tab.goto(url);
  await goesOn(tab);
  await tab.getByText(code).waitFor();
  await tab.getByText("Google account ann@example.org").waitFor();
  if ((await status()) !== "pending") throw new Error("a link alone logs in");
  await tab.screenshot({ path: join(pictures, "sign-in-asks.png") });
  await tab.getByRole("button", { name: "Log in", exact: true }).click();
  await tab.getByText("Go back to the game").waitFor();
  if ((await status()) !== "completed") throw new Error("the game is not logged in");
  await tab.close();
}

/** What one browser has begun ends in no other. */
async function isNotLedIn({ page }) {
  const asks = await fetch(`${base}/api/v1/auth/google?browser=true`);
  const { authorization_url: url } = await asks.json();
  const tab = await page.context().newPage();
  await tab.goto(url);
  await goesOn(tab);
  await tab.getByText("Another browser started this login").waitFor();
  await tab.close();
}

/** Presses a button that opens the provider's page, which cannot lead the page that opened it elsewhere. */
async function opensTheProvider({ page }, press) {
  const opened = page.waitForEvent("popup");
  await page.getByRole("button", { name: press }).click();
  const tab = await opened;
  await tab.locator("[name=login]").waitFor();
  if (await tab.evaluate(() => window.opener !== null)) throw new Error(`${press}: the provider's page has an opener`);
  return tab;
}

/** Presses a button that leads to the provider, and logs in there. */
async function provesItself(visitor, press, user) {
  const tab = await opensTheProvider(visitor, press);
  await tab.locator("[name=login]").fill(user);
  await tab.locator("[name=password]").fill("x");
  await tab.locator("[type=submit]").click();
  await goesOn(tab);
  await tab.getByText("Go back to the game").waitFor();
  await tab.close();
}

/** The administrators' page opens the provider as well. */
async function administers(browser) {
  const visitor = await Visitor.arrive(browser, "administrator");
  await visitor.page.goto(`${base}/admin`);
  const tab = await opensTheProvider(visitor, "Log in with Google");
  await tab.close();
  return visitor;
}

/** Makes a character, and is in the world, or told that a busy server lets nobody in now. */
async function makesACharacter({ page, name }) {
  await page.getByRole("radio", { name: "Warrior" }).click();
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("button", { name: "Create character" }).click();
  await page.locator(".ability").first().or(button(page, "Characters")).waitFor();
}

async function goesBackToTheCharacters({ page }) {
  if (await button(page, "Characters").isVisible()) return button(page, "Characters").click();
  await button(page, "Menu").click();
  await button(page, "Switch character").click();
}

const button = (page, name) => page.getByRole("button", { name });

/** The first account of the server is its administrator, whom no game logs in by a provider. */
async function makesTheAdministrator() {
  const body = JSON.stringify({ device_id: "the administrator's" });
  const headers = { "content-type": "application/json" };
  const { ok } = await fetch(`${base}/api/v1/login/device`, { method: "POST", headers, body });
  if (!ok) throw new Error("nobody administers");
}

await inBrowser(async (browser) => {
  await makesTheAdministrator();
  const ann = await arrives(browser);
  await ann.page.getByRole("button", { name: "Sign in with Google" }).waitFor();
  await ann.picture("sign-in");
  await provesItself(ann, "Sign in with Google", "ann");
  await makesACharacter(ann);
  await agreesToAGame(ann);
  await isNotLedIn(ann);

  // Elsewhere it is the same account.
  const again = await arrives(browser);
  await provesItself(again, "Sign in with Google", "ann");
  await again.page.getByRole("button", { name: `Enter the world as ${ann.name}` }).waitFor();

  // A guest's account is opened by the provider from then on.
  const guest = await arrives(browser);
  await guest.page.getByRole("button", { name: "Play now" }).click();
  await makesACharacter(guest);
  await goesBackToTheCharacters(guest);
  await guest.page.getByRole("button", { name: "Keep this account" }).click();
  await provesItself(guest, "Keep it with Google", "ben");
  await guest.page.getByRole("button", { name: `Enter the world as ${guest.name}` }).waitFor();
  if (await guest.page.getByRole("button", { name: "Keep this account" }).isVisible()) throw new Error("it is kept already");
  const back = await arrives(browser);
  await provesItself(back, "Sign in with Google", "ben");
  await back.page.getByRole("button", { name: `Enter the world as ${guest.name}` }).waitFor();
  const administrator = await administers(browser);
  for (const visitor of [ann, again, guest, back, administrator]) visitor.assertNoComplaint();
});
