// An administrator at work: node admin.mjs URL FOLDER

import { axe } from "./testing/axe.mjs";
import { says as chats } from "./testing/member.mjs";
import { base, inBrowser, newName, PASSWORD, Visitor } from "./testing/visitor.mjs";

const looksAt = await axe();
const button = ({ page }, name) => page.getByRole("button", { name, exact: true });
const row = ({ page }, text) => page.getByRole("row").filter({ hasText: text });

const PHONE = { width: 390, height: 844 };

/** Answers the question that is open. */
async function answers({ page }, title, name, typed) {
  const dialog = page.getByRole("dialog", { name: title });
  await dialog.waitFor();
  if (typed) {
    const isReady = await dialog.getByRole("button", { name, exact: true }).isEnabled();
    if (isReady) throw new Error(`${title}: nothing has to be typed`);
    await dialog.getByRole("textbox").fill(typed);
  }
  await dialog.getByRole("button", { name, exact: true }).click();
  await dialog.waitFor({ state: "detached" });
}

/** Fills the form that is open, and saves. */
async function fills({ page }, title, fields, name = "Save") {
  const dialog = page.getByRole("dialog", { name: title });
  await dialog.waitFor();
  for (const [label, value] of Object.entries(fields)) {
    const field = dialog.getByLabel(label, { exact: true });
    if (value === true) await field.check();
    else await field.fill(value);
  }
  await dialog.getByRole("button", { name, exact: true }).click();
  await dialog.waitFor({ state: "detached" });
}

const says = ({ page }, text) => page.getByRole("status").filter({ hasText: text }).waitFor();

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
  await page.goto(`${base}/admin`);
  await page.getByRole("form", { name: "Log in" }).waitFor();
  // A name or a password that is wrong is in the browser's console; a page that is only opened has no error there.
  admin.assertNoComplaint();
  admin.pardons(/status of 40[13]/);
  await logsIn(admin, name, "not this one");
  await page.getByText("Invalid email or password").waitFor();
  await look(admin, "log-in");
  await logsIn(admin, player.name, PASSWORD);
  await page.getByText("This account is not an administrator.").waitFor();
  await logsIn(admin, name, PASSWORD);
  // Who plays is there at once.
  await page.getByRole("table", { name: "Players online" }).waitFor();
  await row(admin, player.name).waitFor();
  await page.getByRole("img", { name: /^Players in the world: latest / }).waitFor();
  await look(admin, "overview");
  await page.getByRole("link", { name: "Users" }).click();
  await page.getByRole("heading", { name: "Users" }).waitFor();
  admin.pardons();
  const cookies = await page.context().cookies();
  const kept = cookies.find((cookie) => cookie.name === "realmgate-admin");
  if (!kept?.httpOnly || kept.sameSite !== "Strict") throw new Error(`the cookie is ${JSON.stringify(kept)}`);

  // Everybody is shown until somebody is searched for, by how the name begins.
  await row(admin, name).waitFor();
  await row(admin, player.name.toLowerCase()).waitFor();
  await page.getByText("2 found.", { exact: true }).waitFor();
  await page.getByLabel("Name, e-mail or id").fill(player.name.slice(0, 8));
  await button(admin, "Search").click();
  await page.getByText("1 found.", { exact: true }).waitFor();
  await row(admin, player.name.toLowerCase()).waitFor();
  if ((await row(admin, name).count()) > 0) throw new Error("who is not searched for is shown");
  await look(admin, "users");
  await page.getByRole("link", { name: player.name.toLowerCase() }).click();
  await page.getByRole("link", { name: player.name, exact: true }).waitFor();
  await look(admin, "user");

  if ((await page.getByText("1970").count()) > 0) throw new Error("a time that is not known is shown as 1970");
  // A character is found by how its name begins.
  await page.getByRole("link", { name: "Characters" }).click();
  await page.getByLabel("Name starts with").fill(player.name.slice(0, 4).toUpperCase());
  await button(admin, "Search").click();
  await row(admin, player.name).waitFor();
  await look(admin, "characters");

  // An item that the character was made with, from its birth on.
  await page.getByRole("link", { name: player.name, exact: true }).click();
  await page.getByText(/^map:/).waitFor();
  await page.getByText("Bag 1", { exact: true }).or(page.getByText("Weapon", { exact: true })).first().waitFor();
  await look(admin, "character");
  await page.getByRole("table", { name: "Items" }).getByRole("link").first().click();
  await row(admin, "created").getByRole("link", { name: player.name }).waitFor();
  await look(admin, "item");

  await page.goBack();
  await page.getByRole("link", { name: player.name.toLowerCase(), exact: true }).click();
  await announcesAndMutes(admin, player);
  await kicksAndBans(admin, player);

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
  await makesABoard(admin, player.name.toLowerCase());
  await makesALobby(admin);
  await staysTheLastAdministrator(admin, name);
  await deletes(admin, player.name.toLowerCase());
  await page.getByRole("link", { name: "Audit log" }).click();
  await row(admin, "is_activated: false").filter({ hasText: "Sells gold" }).filter({ hasText: "Banned" }).waitFor();
  for (const what of [/Muted/, /Unmuted/]) await row(admin, what).first().waitFor();
  await row(admin, /Deleted a user\s*\/users\/[0-9a-f-]{36}/).waitFor();
  await row(admin, "is_admin: false").filter({ hasText: "Removed as administrator" }).getByRole("link", { name }).last().waitFor();
  await look(admin, "acts");
  await usesAPhone(admin, name);

  await button(admin, "Log out").click();
  await page.getByRole("form", { name: "Log in" }).waitFor();
  await page.reload();
  await page.getByRole("form", { name: "Log in" }).waitFor();
  admin.assertNoComplaint();
});

/** An announcement is in the chat; who is muted reads why nothing is sent, until that is lifted. */
async function announcesAndMutes(admin, player) {
  const { page } = admin;
  const ofPlayer = page.url();
  await page.getByRole("link", { name: "Overview" }).click();
  await button(admin, "Announce").click();
  await look(admin, "announcement");
  await fills(admin, "Announce", { Message: "The realm restarts at noon" }, "Announce");
  await says(admin, /^Announced to /);
  const chat = player.page.getByRole("log", { name: "Chat" });
  await chat.getByText("Announcement: The realm restarts at noon").waitFor();

  await page.goto(ofPlayer);
  await button(admin, "Mute").click();
  await look(admin, "mute");
  await fills(admin, /^Mute /, {}, "Mute");
  await says(admin, "is muted.");
  await chats(player, "Is this read?");
  await player.page.getByText("An administrator has muted you.").waitFor();
  await player.picture("admin-muted-player");
  await button(admin, "Unmute").click();
  await says(admin, "can chat again.");
  await chats(player, "And this?");
  await chat.locator(".line").filter({ hasText: "And this?" }).waitFor();
  if ((await chat.getByText("Is this read?").count()) > 0) throw new Error("who is muted is heard");
}

/** Who is kicked comes back; who is banned does not, and reads why. */
async function kicksAndBans(admin, player) {
  player.pardons(/status of 40[13]/, /WebSocket/, /WebTransport/);
  await button(admin, "Kick").click();
  await look(admin, "question");
  await answers(admin, /^Kick /, "Cancel");
  await button(admin, "Kick").click();
  await answers(admin, /^Kick /, "Kick");
  await says(admin, "has been kicked.");
  await player.page.getByText("You were kicked").waitFor();
  await player.entersBy(player.page.getByRole("button", { name: "Enter again" }));

  await button(admin, "Ban").click();
  await look(admin, "ban");
  await fills(admin, /^Ban /, { "Reason (optional)": "Sells gold" }, "Ban");
  await says(admin, "is banned.");
  await admin.page.getByText("until an administrator lifts it: Sells gold").waitFor();
  await player.page.getByText("You were logged out").waitFor();
  await player.picture("admin-banned-player");
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ username: player.name, password: PASSWORD });
  const refused = await (await fetch(`${base}/auth/login`, { method: "POST", headers, body })).json();
  const isTold = refused.detail?.endsWith("banned this account: Sells gold");
  if (!isTold) throw new Error(`who is banned reads ${JSON.stringify(refused)}`);
}

/** A leaderboard with a score is made, changed and deleted. */
async function makesABoard(admin, username) {
  const { page } = admin;
  await page.getByRole("link", { name: "Leaderboards" }).click();
  await row(admin, "weekly_kills").waitFor();
  await button(admin, "New leaderboard").click();
  await look(admin, "new-board");
  await fills(admin, "New leaderboard", { "Slug: lower-case letters, digits and _": "arena", Title: "Arena" }, "Create leaderboard");
  await says(admin, "Leaderboard created.");
  await page.getByRole("link", { name: "Arena" }).click();
  await button(admin, "Edit").click();
  await fills(admin, "Edit Arena", { Title: "The Arena", "Ends (UTC)": "2099-01-01T12:00" });
  await page.getByText("2099-01-01 12:00").waitFor();
  await button(admin, "New score").click();
  await fills(admin, "New score", { "User name": username, Score: "3" });
  await row(admin, username).getByRole("button", { name: "Edit" }).click();
  await fills(admin, `Score of ${username}`, { Score: "41" });
  await page.getByRole("cell", { name: "41", exact: true }).waitFor();
  await look(admin, "board");
  await row(admin, username).getByRole("button", { name: "Delete" }).click();
  await answers(admin, "Delete this score?", "Delete score");
  await page.getByText("None.").waitFor();
  await button(admin, "Delete").click();
  await answers(admin, "Delete The Arena?", "Delete leaderboard", "The Arena");
  await says(admin, "Leaderboard deleted.");
}

/** A lobby is made, changed and deleted; a form says what is wrong. */
async function makesALobby(admin) {
  const { page } = admin;
  await page.getByRole("link", { name: "Lobbies" }).click();
  await page.getByText("None.").waitFor();
  await button(admin, "New lobby").click();
  admin.pardons(/status of 422/);
  await page.getByRole("spinbutton", { name: "Max members" }).fill("0");
  await button(admin, "Create lobby").click();
  await page.getByRole("alert").filter({ hasText: "max_users" }).waitFor();
  admin.pardons();
  await fills(admin, "New lobby", { Title: "Harbour", "Max members": "12" }, "Create lobby");
  await row(admin, "Harbour").getByRole("button", { name: "Edit" }).click();
  await fills(admin, "Edit Harbour", { "Locked: no one can join": true });
  await row(admin, "locked").waitFor();
  await look(admin, "lobbies");
  await button(admin, "Delete").click();
  await answers(admin, "Delete Harbour?", "Delete lobby");
  await page.getByText("None.").waitFor();
}

/** The last administrator can neither step down nor be deleted, and reads why. */
async function staysTheLastAdministrator(admin, name) {
  const { page } = admin;
  await page.goto(`${base}/admin#users/${name}`);
  await page.getByRole("link", { name, exact: true }).click();
  admin.pardons(/status of 409/);
  const isRefused = () => page.getByRole("alert").filter({ hasText: "the last administrator" }).waitFor();
  await button(admin, "Remove as administrator").click();
  await answers(admin, /^Remove /, "Remove");
  await isRefused();
  await look(admin, "last-administrator");
  admin.pardons();
}

/** Who is deleted is deleted by name. */
async function deletes(admin, username) {
  const { page } = admin;
  await page.goto(`${base}/admin#users/${username}`);
  await page.getByRole("link", { name: username, exact: true }).click();
  await button(admin, "Delete").click();
  await answers(admin, `Delete ${username}?`, "Delete", username);
  await says(admin, `${username} has been deleted.`);
  await page.getByText("1 found.", { exact: true }).waitFor();
}

/** On a phone the list of places is folded, and no word is broken. */
async function usesAPhone(admin, name) {
  const { page } = admin;
  await page.setViewportSize(PHONE);
  const users = page.getByRole("link", { name: "Users" });
  if (await users.isVisible()) throw new Error("the list of places covers a phone");
  await look(admin, "phone");
  await button(admin, "Menu").click();
  await look(admin, "phone-menu");
  await users.click();
  await users.waitFor({ state: "hidden" });
  // The table of the page before has rows with the name, too.
  const user = page.getByRole("table", { name: "Users" }).getByRole("row").filter({ hasText: name });
  await user.waitFor();
  const right = await user.getByRole("cell").evaluateAll((cells) => Math.max(...cells.map((cell) => cell.getBoundingClientRect().right)));
  if (right > PHONE.width) throw new Error(`cells of a user end at ${right} pixels on a phone`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  if (wide > PHONE.width) throw new Error(`the page is ${wide} pixels wide on a phone`);
  await look(admin, "phone-users");
  await page.setViewportSize({ width: 1280, height: 720 });
}
