// A party lives in the memory of a map server: after a restart its members read that it has ended. A test starts it:
// tests/tests/realms/page/trouble.rs

import { Player } from "./testing/player.mjs";
import { Stage } from "./testing/stage.mjs";
import { inBrowser } from "./testing/visitor.mjs";

const NO_CONNECTION = [/WebSocket connection to .* failed/, /ERR_CONNECTION_REFUSED/, /WebTransport/, /ERR_QUIC/];
const ENDED = "The server restarted, so your party has ended. Invite its members again.";

async function areAParty(anna, ben) {
  await anna.presses("KeyP");
  const window = anna.window("Party");
  await window.getByLabel("Name of a player to invite").fill("Ben");
  await window.getByRole("button", { name: "Invite" }).click();
  await ben.accepts("Anna invites you to a party.");
  await window.getByRole("button", { name: "Close" }).click();
  for (const [player, other] of [
    [anna, "Ben"],
    [ben, "Anna, leader"],
  ]) {
    await player.page.locator(".party-frames").getByRole("button", { name: other }).waitFor();
  }
}

async function outliveTheServer(players, stage) {
  for (const player of players) player.pardons(...NO_CONNECTION);
  await stage.server("stop");
  for (const player of players) await player.banner.filter({ hasText: "The server is shutting down" }).waitFor();
  await stage.server("start");
  for (const player of players) {
    await player.banner.waitFor({ state: "hidden" });
    await player.isInTheWorld();
  }
}

const stage = new Stage();
try {
  await inBrowser(async (browser) => {
    const [anna, ben] = [await Player.arrive(browser, "Anna"), await Player.arrive(browser, "Ben")];
    await anna.makesItself("Warrior");
    await ben.makesItself("Ranger");
    await areAParty(anna, ben);
    await outliveTheServer([anna, ben], stage);
    for (const player of [anna, ben]) {
      await player.said(ENDED).waitFor();
      const left = await player.page.locator(".party-frames").getByRole("button").count();
      if (left > 0) throw new Error(`${player.name} still sees a party of ${left}`);
      player.assertNoComplaint();
    }
    console.log("the party has ended, and both were told");
  });
} finally {
  stage.close();
}
