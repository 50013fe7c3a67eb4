// What stands in the way, and what the page says then. There is room for one player. A test starts it:
// tests/tests/realms/page/trouble.rs

import { PROTOCOL_HASH } from "../../js/src/index.js";
import { Player } from "./testing/player.mjs";
import { Stage } from "./testing/stage.mjs";
import { PASSWORD, base, inBrowser } from "./testing/visitor.mjs";

/** The screen that says why somebody is not in the world. */
const ending = (player, title) => player.page.getByRole("alert", { name: title });
const REFUSED = /status of (401|403|429)/;
const NO_CONNECTION = [/WebSocket connection to .* failed/, /ERR_CONNECTION_REFUSED/, /WebTransport/, /ERR_QUIC/];

async function logsIn(player, username, password = PASSWORD) {
  const form = player.page.getByRole("form", { name: "Log in" });
  await form.getByLabel("User name").fill(username);
  await form.getByLabel("Password").fill(password);
  await form.getByRole("button", { name: "Log in" }).click();
}

const enters = (player, name) => player.page.getByRole("button", { name: `Enter the world as ${name}` }).click();

/** A wrong password, and then the right one. */
async function mistypes(player) {
  player.pardons(REFUSED);
  await player.page.goto(`${base}/play`);
  await logsIn(player, "Vera", "correct horse batteries");
  await player.page.getByText("Wrong user name or password.").waitFor();
  await player.picture("trouble-password");
  player.pardons();
}

/** The only place is taken: it is said, and once it is free a press of the button is enough. */
async function findsItFull(player, other) {
  await player.findsTheForm();
  await player.page.getByLabel("User name").last().fill("Wim");
  await player.page.getByLabel("Password").last().fill(PASSWORD);
  await player.page.getByRole("button", { name: "Create account" }).click();
  await player.page.getByLabel("Name", { exact: true }).fill("Wim");
  await player.page.getByRole("button", { name: "Create character" }).click();
  const full = ending(player, "No room at the moment");
  await full.getByText("Try again in").waitFor();
  await player.picture("trouble-full");
  await other.page.getByRole("button", { name: "Menu" }).click();
  await other.page.getByRole("button", { name: "Log out" }).click();
  await other.page.getByRole("form", { name: "Log in" }).waitFor();
  // The directory hears a moment later that a place is free.
  await player.isInTheWorld();
}

/** The account enters from another place: who was there is told, and not thrown back and forth. */
async function isReplaced(player, other) {
  player.pardons(REFUSED);
  await logsIn(other, "Wim");
  await enters(other, "Wim");
  await other.isInTheWorld();
  const replaced = ending(player, "Your account is in use elsewhere");
  await replaced.waitFor();
  await player.picture("trouble-elsewhere");
  await replaced.getByRole("button", { name: "Log in again" }).click();
  await player.page.getByRole("form", { name: "Log in" }).waitFor();
  player.pardons();
}

/** A page that is older than the world: it has another hash of the protocol. */
async function isOld(player) {
  const old = async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace(PROTOCOL_HASH.toString(16).padStart(16, "0"), "0123456789abcdef");
    // An older page has other addresses: nothing of it is kept at those of the newer one.
    await route.fulfill({ response, body, headers: { ...response.headers(), "cache-control": "no-store" } });
  };
  await player.page.route("**/play.js", old);
  player.pardons(/EnterError/);
  await player.page.goto(`${base}/play`);
  await enters(player, "Wim");
  const renewed = ending(player, "The game has been updated");
  await renewed.getByText("Reload the page to get the new version.").waitFor();
  await player.picture("trouble-old");
  await player.page.unroute("**/play.js");
  await renewed.getByRole("button", { name: "Reload the page" }).click();
  await enters(player, "Wim");
  // The ticket that the old page could not use keeps its place for a while.
  await player.isInTheWorld();
}

/** The server goes and comes back. The page says so, is back by itself, and what was typed can still be said. */
async function outlives(player, stage, fate, words) {
  player.pardons(...NO_CONNECTION);
  const text = `said after the ${fate}`;
  await player.presses("Enter");
  await player.page.keyboard.type(text);
  await stage.server(fate);
  await player.banner.filter({ hasText: words }).waitFor();
  await player.picture(`trouble-${fate}`);
  await player.presses("Enter");
  await player.page.getByText("No connection at the moment.").waitFor();
  await stage.server("start");
  await player.banner.waitFor({ state: "hidden" });
  await player.isInTheWorld();
  await player.presses("Enter");
  await player.said(text).waitFor();
  player.pardons();
}

const stage = new Stage();
try {
  await inBrowser(async (browser) => {
    const vera = await Player.arrive(browser, "Vera");
    const wim = await Player.arrive(browser, "Wim");
    try {
      await vera.makesItself("Warrior");
      await mistypes(wim);
      await findsItFull(wim, vera);
      await isReplaced(wim, vera);
      await isOld(vera);
      await outlives(vera, stage, "kill", "Connection lost");
      await outlives(vera, stage, "stop", "The server is shutting down");
    } finally {
      for (const player of [vera, wim]) await player.picture(`trouble-at-the-end-${player.name}`);
    }
    for (const player of [vera, wim]) player.assertNoComplaint();
  });
} finally {
  stage.close();
}
