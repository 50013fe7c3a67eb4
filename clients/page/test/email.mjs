// A guest keeps the account and adds an e-mail address, and finds the same in the menu: node email.mjs URL FOLDER

import { base, inBrowser, newName, PASSWORD, Visitor } from "./testing/visitor.mjs";

await inBrowser(async (browser) => {
  const visitor = await Visitor.arrive(browser, newName("mail"));
  const { page, name } = visitor;
  const press = (word) => page.getByRole("button", { name: word }).click();
  const sendsTo = async (address) => {
    await page.getByLabel("E-mail address").last().fill(address);
    await page.getByLabel("Your password").fill(PASSWORD);
    await press("Send confirmation e-mail");
  };
  await page.goto(`${base}/play`);
  await page.getByRole("link", { name: "Forgot your password?" }).waitFor();
  await press("Play now");
  await page.getByRole("radio", { name: "Warrior" }).click();
  await page.getByLabel("Name", { exact: true }).fill(name);
  await press("Create character");
  await visitor.isInTheWorld();
  await press("Menu");
  if (await page.getByRole("button", { name: "E-mail address" }).isVisible()) throw new Error("a guest has no password to show");
  await press("Switch character");

  await press("Keep this account");
  await page.getByLabel("User name").fill(name);
  await page.getByLabel("Password").fill(PASSWORD);
  await press("Keep it");
  await page.getByRole("heading", { name: "E-mail address" }).waitFor();
  await visitor.picture("email-address");
  visitor.pardons(/status of 400/);
  await sendsTo("nowhere");
  await page.locator(".error", { hasText: /\S/ }).first().waitFor();
  visitor.pardons();
  await sendsTo(`${name}@realm.example`);
  await page.getByText(`An e-mail is on its way to ${name}@realm.example.`).waitFor();
  await press("To your characters");

  await visitor.entersBy(page.getByRole("button", { name: `Enter the world as ${name}` }));
  await press("Menu");
  await press("E-mail address");
  await sendsTo(`${name}@realm.example`);
  await page.getByText("An e-mail is on its way").waitFor();
  await visitor.picture("email-address-in-the-menu");
  visitor.assertNoComplaint();
  console.log("an account gets an e-mail address");
});
