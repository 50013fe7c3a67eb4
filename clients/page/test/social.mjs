// Whispers and a party between a player in the world and one who only chooses a character: node social.mjs URL FOLDER

import { Player } from "./testing/player.mjs";
import { inBrowser, newName } from "./testing/visitor.mjs";

/** What the page shows beside the characters. */
class Chooser {
  constructor(player) {
    this.player = player;
    this.panel = player.page.getByRole("region", { name: "Messages" });
    this.line = this.panel.getByLabel("Write to a player or to your party");
  }

  async types(text) {
    await this.line.fill(text);
    await this.line.press("Enter");
  }

  said(text) {
    return this.panel.getByRole("log").locator(".line").filter({ hasText: text }).last();
  }
}

async function leavesTheWorld(player) {
  await player.page.getByRole("button", { name: "Menu" }).click();
  await player.page.getByRole("button", { name: "Switch character" }).click();
  await player.page.getByRole("heading", { name: "Who will you be?" }).waitFor();
}

await inBrowser(async (browser) => {
  const [anna, ben] = [await Player.arrive(browser, newName("Anna")), await Player.arrive(browser, newName("Ben"))];
  await anna.makesItself("Warrior");
  await ben.makesItself("Ranger");
  await leavesTheWorld(ben);
  const chooser = new Chooser(ben);
  // Whispers, from whoever is in the world and back. The first one may find the socket not open yet.
  await anna.until("Ben can be whispered to", async () => {
    await anna.types(`/w ${ben.name} are you coming?`);
    return chooser.said("are you coming?").waitFor({ timeout: 3_000 }).then(() => true, () => false);
  });
  await chooser.types("/r in a minute");
  await anna.said("in a minute").waitFor();
  await chooser.types("/w Nobody hello");
  await chooser.said("No player of that name is online.").waitFor();
  await chooser.types("hello all");
  await chooser.said("Enter the world for that.").waitFor();
  // A party.
  await anna.types(`/invite ${ben.name}`);
  await chooser.panel.getByText(`${anna.name} invites you to a party.`).waitFor();
  await ben.picture("social-invited");
  await chooser.panel.getByRole("button", { name: "Accept" }).click();
  await chooser.panel.getByText(`Party: ${anna.name}, ${ben.name}`).waitFor();
  await anna.page.locator(".party-frames").getByRole("button", { name: ben.name }).waitFor();
  await chooser.line.fill("");
  await chooser.types("/p wait for me");
  await anna.said("wait for me").waitFor();
  await anna.types("/p we wait");
  await chooser.said("we wait").waitFor();
  await ben.picture("social-party");
  // It stays one in the world.
  await ben.entersBy(ben.page.getByRole("button", { name: "Enter the world" }).first());
  await ben.page.locator(".party-frames").getByRole("button", { name: anna.name }).waitFor();
  for (const player of [anna, ben]) player.assertNoComplaint();
  console.log("whispers and a party pass between the world and the characters");
});
