// An administrator at work: node admin.mjs URL FOLDER

import { axe } from "./testing/axe.mjs";
import { base, inBrowser, newName, PASSWORD, Visitor } from "./testing/visitor.mjs";

const looksAt = await axe();
const button = ({ page }, name) => page.getByRole("button", { name, exact: true });
const row = ({ page }, text) => page.getByRole("row").filter({ hasText: text });

/** The first account of an empty database is its administrator. */
async function registers(username) {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ username, password: PASSWORD });
  const answer = await fetch(`${base}/auth/register`, { method: "POST", headers, body });
  if (!answer.ok) throw new Error(`no account: ${await answer.text()}`);
}

async function logsIn({ page }, name, password) {
  await page.getByLabel("User name or e-mail").fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Log in", exact: true }).click();
}

async function look(visitor, what) {
  const faults = await looksAt(visitor.page);
  if (faults.length > 0) throw new Error(`${what}: ${faults.join("\n")}`);
  await visitor.picture(`admin-${what}`);
}

await inBrowser(async (browser) => {
  const name = newName("warden");
  await registers(name);
  const player = await Visitor.arrive(browser, newName("Villain"));
  await player.makesItself("Warrior");

  const admin = await Visitor.arrive(browser, name);
  const { page } = admin;
  // Every answer that refuses is in the console: who is nobody yet, and who errs.
  admin.pardons(/status of 40[13]/);
  await page.goto(`${base}/admin`);
  await page.getByRole("form", { name: "Log in" }).waitFor();
  await logsIn(admin, name, "not this one");
  await page.getByText("Invalid email or password").waitFor();
  await look(admin, "log-in");
  await logsIn(admin, player.name, PASSWORD);
  await page.getByText("This account is not an administrator.").waitFor();
  await logsIn(admin, name, PASSWORD);
  await page.getByRole("heading", { name: "Users" }).waitFor();
  admin.pardons();
  const cookies = await page.context().cookies();
  const kept = cookies.find((cookie) => cookie.name === "realmgate-admin");
  if (!kept?.httpOnly || kept.sameSite !== "Strict") throw new Error(`the cookie is ${JSON.stringify(kept)}`);

  // Everybody is shown until somebody is searched for, by how the name begins.
  await row(admin, name).waitFor();
  await row(admin, player.name.toLowerCase()).waitFor();
  await page.getByText("2 found.", { exact: true }).waitFor();
  await page.getByLabel("Name, address or id").fill(player.name.slice(0, 8));
  await button(admin, "Search").click();
  await page.getByText("1 found.", { exact: true }).waitFor();
  await row(admin, player.name.toLowerCase()).waitFor();
  if ((await row(admin, name).count()) > 0) throw new Error("who is not searched for is shown");
  await look(admin, "users");
  await page.getByRole("link", { name: player.name.toLowerCase() }).click();
  await page.getByRole("link", { name: player.name, exact: true }).waitFor();
  await look(admin, "user");

  // An item that the character was made with, from its birth on.
  await page.getByRole("link", { name: player.name, exact: true }).click();
  await page.getByText(/^map:/).waitFor();
  await look(admin, "character");
  await page.getByRole("table", { name: "Items" }).getByRole("link").first().click();
  await row(admin, "made").waitFor();
  await look(admin, "item");

  // Who is banned is thrown out at once.
  await page.goBack();
  await page.getByRole("link", { name: /^[0-9a-f-]{36}$/ }).first().click();
  page.once("dialog", (dialog) => dialog.dismiss());
  await button(admin, "Ban").click();
  page.once("dialog", (dialog) => dialog.accept());
  await button(admin, "Ban").click();
  await page.getByRole("status").filter({ hasText: "Banned." }).waitFor();
  await button(admin, "Activate").waitFor();
  player.pardons(/status of 40[13]/, /WebSocket/, /WebTransport/);
  await player.page.getByText("You were logged out").waitFor();
  await player.picture("admin-banned-player");

  await page.getByRole("link", { name: "Scripts" }).click();
  await row(admin, "example_hook").waitFor();
  await look(admin, "scripts");
  await page.getByRole("link", { name: "Servers" }).click();
  await page.getByRole("table", { name: "Channels" }).waitFor();
  await look(admin, "servers");
  await page.getByRole("link", { name: "Settings", exact: true }).click();
  await row(admin, "REALM_NAME").waitFor();
  const values = async (name) => (await row(admin, name).first().getByRole("cell").allTextContents()).slice(0, 3);
  for (const [name, ...shown] of [
    ["LIST_USERS", "true", "default"],
    ["MAIL_URL", "not set", "default"],
  ]) {
    const seen = await values(name);
    if (JSON.stringify(seen) !== JSON.stringify([name, ...shown])) throw new Error(`settings show ${seen}`);
  }
  await look(admin, "settings");
  await page.getByRole("link", { name: "Leaderboards" }).click();
  await row(admin, "weekly_kills").waitFor();
  await page.getByRole("link", { name: "Lobbies" }).click();
  await page.getByText("None.").waitFor();
  await page.getByRole("link", { name: "Audit log" }).click();
  await row(admin, '{"is_activated":false}').waitFor();
  await look(admin, "acts");

  admin.pardons(/status of 401/);
  await button(admin, "Log out").click();
  await page.getByRole("form", { name: "Log in" }).waitFor();
  await page.reload();
  await page.getByRole("form", { name: "Log in" }).waitFor();
  admin.assertNoComplaint();
});
