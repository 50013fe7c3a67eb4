// Whispers and a party between a player in the world and one who only chooses a character: node social.mjs URL FOLDER

import { Chooser, leavesTheWorld } from "./testing/chooser.mjs";
import { Player } from "./testing/player.mjs";
import { inBrowser, newName } from "./testing/visitor.mjs";

await inBrowser(async (browser) => {
  const [anna, ben] = [await Player.arrive(browser, newName("Anna")), await Player.arrive(browser, newName("Ben"))];
  await anna.makesItself("Warrior");
  await ben.makesItself("Ranger");
  await leavesTheWorld(ben);
  const chooser = new Chooser(ben);
  await chooser.isWhisperedBy(anna, "are you coming?");
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
