// Who comes by an account at a provider, and who keeps a guest's account by one: node sign-in.mjs URL FOLDER

import { base, inBrowser, newName, Visitor } from "./testing/visitor.mjs";

/** Where the provider sends browsers back to: this server, by the name that it has for players. */
const PUBLIC = "https://realm.example";

/** Somebody whose browser finds the server by its public name. */
async function arrives(browser) {
  const visitor = await Visitor.arrive(browser, newName("known"));
  await visitor.page.context().route(`${PUBLIC}/**`, async (route) => {
    const at = route.request().url().replace(PUBLIC, base);
    await route.fulfill({ response: await route.fetch({ url: at }) });
  });
  await visitor.page.goto(`${base}/play`);
  return visitor;
}

/** Presses a button that leads to the provider, and logs in there. */
async function provesItself({ page }, press, user) {
  const opened = page.waitForEvent("popup");
  await page.getByRole("button", { name: press }).click();
  const tab = await opened;
  await tab.locator("[name=login]").fill(user);
  await tab.locator("[name=password]").fill("x");
  await tab.locator("[type=submit]").click();
  await tab.locator("[name=prompt][value=consent]").waitFor({ state: "attached" });
  await tab.locator("[type=submit]").click();
  await tab.getByText("Go back to the game").waitFor();
  await tab.close();
}

/** Makes a character, and is in the world, or told that a busy server lets nobody in now. */
async function makesACharacter({ page, name }) {
  await page.getByRole("radio", { name: "Warrior" }).click();
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("button", { name: "Make this character" }).click();
  await page.locator(".ability").first().or(button(page, "Characters")).waitFor();
}

async function goesBackToTheCharacters({ page }) {
  if (await button(page, "Characters").isVisible()) return button(page, "Characters").click();
  await button(page, "Menu").click();
  await button(page, "Other character").click();
}

const button = (page, name) => page.getByRole("button", { name });

await inBrowser(async (browser) => {
  const ann = await arrives(browser);
  await ann.page.getByRole("button", { name: "Sign in with Google" }).waitFor();
  await ann.picture("sign-in");
  await provesItself(ann, "Sign in with Google", "ann");
  await makesACharacter(ann);

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
  await provesItself(guest, "Keep it by Google", "ben");
  await guest.page.getByRole("button", { name: `Enter the world as ${guest.name}` }).waitFor();
  if (await guest.page.getByRole("button", { name: "Keep this account" }).isVisible()) throw new Error("it is kept already");
  const back = await arrives(browser);
  await provesItself(back, "Sign in with Google", "ben");
  await back.page.getByRole("button", { name: `Enter the world as ${guest.name}` }).waitFor();
  for (const visitor of [ann, again, guest, back]) visitor.assertNoComplaint();
});
