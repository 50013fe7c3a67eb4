// Who plays without a name or a password, and keeps the account later: node guest.mjs URL FOLDER

import { base, inBrowser, newName, PASSWORD, Visitor } from "./testing/visitor.mjs";

const button = ({ page }, name) => page.getByRole("button", { name });

async function leavesTheWorld(visitor) {
  await button(visitor, "Menu").click();
  await button(visitor, "Log out").click();
}

async function logsIn({ page, name }) {
  const form = page.getByRole("form", { name: "Log in" });
  await form.getByLabel("User name or e-mail").fill(name);
  await form.getByLabel("Password").fill(PASSWORD);
  await form.getByRole("button", { name: "Log in" }).click();
}

await inBrowser(async (browser) => {
  const guest = await Visitor.arrive(browser, newName("guest"));
  const { page, name } = guest;
  const enters = (visitor) => button(visitor, `Enter the world as ${name}`);
  await page.goto(`${base}/play`);
  await guest.picture("guest-arrives");
  await button(guest, "Play now").click();
  await page.getByRole("radio", { name: "Warrior" }).click();
  await page.getByLabel("Name", { exact: true }).fill(name);
  await button(guest, "Create character").click();
  await guest.isInTheWorld();
  await leavesTheWorld(guest);

  // The browser remembers who it was.
  await page.getByText(`Welcome back, ${name}.`).waitFor();
  await page.locator("button:focus", { hasText: "Play" }).waitFor();
  await page.getByRole("form", { name: "Play" }).getByRole("button", { name: "Play", exact: true }).click();
  await enters(guest).waitFor();
  await button(guest, "Keep this account").click();
  await button(guest, "Keep it").click();
  await page.getByText("Enter your user name.").waitFor();
  await page.getByLabel("User name").fill("no spaces");
  await page.getByLabel("Password").fill(PASSWORD);
  guest.pardons(/status of 400/);
  await button(guest, "Keep it").click();
  await page.getByText("The user name has invalid format.").waitFor();
  await guest.picture("guest-keeps-the-account");
  guest.pardons();
  await page.getByLabel("User name").fill(name);
  await button(guest, "Keep it").click();
  await enters(guest).waitFor();
  if (await button(guest, "Keep this account").isVisible()) throw new Error("it is kept already");

  // Another browser knows the account now.
  const elsewhere = await Visitor.arrive(browser, name);
  await elsewhere.page.goto(`${base}/play`);
  await logsIn(elsewhere);
  await elsewhere.entersBy(enters(elsewhere));
  for (const visitor of [guest, elsewhere]) visitor.assertNoComplaint();
});
