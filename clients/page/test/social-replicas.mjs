// Whispers and a party between a player in the world, those who are in none, and those at another replica:
// node social-replicas.mjs URL FOLDER URL_OF_THE_OTHER_REPLICA

import { Chooser, leavesTheWorld } from "./testing/chooser.mjs";
import { Player } from "./testing/player.mjs";
import { inBrowser, newName } from "./testing/visitor.mjs";

const otherReplica = process.argv[4];

/** One player whispers to another, who answers. Both are in no world. */
async function whispers(from, to, name, text) {
  await from.types(`/w ${name} ${text}`);
  await to.said(text).waitFor();
  await to.types(`/r not ${text}`);
  await from.said(`not ${text}`).waitFor();
}

/** A player in the world invites one who is in none. */
async function invites(inviter, chooser) {
  await inviter.types(`/invite ${chooser.player.name}`);
  await chooser.panel.getByText(`${inviter.name} invites you to a party.`).waitFor();
  await chooser.panel.getByRole("button", { name: "Accept" }).click();
}

await inBrowser(async (browser) => {
  const arrive = async (name, base) => Object.assign(await Player.arrive(browser, newName(name)), base && { base });
  const anna = await arrive("Anna");
  // Ben has a character in no world, Dora has none at all; Cara and Dora are at the other replica.
  const [ben, cara, dora] = [await arrive("Ben"), await arrive("Cara", otherReplica), await arrive("Dora", otherReplica)];
  await anna.makesItself("Warrior");
  await ben.makesItself("Ranger");
  await cara.makesItself("Cleric");
  await leavesTheWorld(ben);
  await leavesTheWorld(cara);
  await dora.signsUp();
  await dora.page.getByRole("heading", { name: "A new character" }).waitFor();
  const [here, there, newcomer] = [ben, cara, dora].map((player) => new Chooser(player));

  // Whispers, each way.
  for (const chooser of [here, there, newcomer]) {
    const { name } = chooser.player;
    await chooser.isWhisperedBy(anna, "are you coming?");
    await chooser.types(`/r ${name} in a minute`);
    await anna.said(`${name} in a minute`).waitFor();
  }
  await whispers(here, there, cara.name, "ready");
  await whispers(there, here, ben.name, "hungry");
  await whispers(here, newcomer, dora.name, "lost");

  // A party of all who have a character.
  await invites(anna, here);
  await invites(anna, there);
  const members = `Party: ${anna.name}, ${ben.name}, ${cara.name}`;
  await Promise.all([here, there].map((chooser) => chooser.panel.getByText(members).waitFor()));
  for (const { name } of [ben, cara]) await anna.page.locator(".party-frames").getByRole("button", { name }).waitFor();
  await here.types("/p from the first replica");
  await there.types("/p from the second replica");
  await anna.types("/p from the world");
  for (const text of ["from the first replica", "from the second replica", "from the world"]) {
    await Promise.all([anna, here, there].map((member) => member.said(text).waitFor()));
  }
  await cara.picture("social-replicas");

  // A member who enters the world, through the other replica, stays in the party.
  await cara.entersBy(cara.page.getByRole("button", { name: "Enter the world" }).first());
  await cara.page.locator(".party-frames").getByRole("button", { name: anna.name }).waitFor();
  await cara.types("/p I am here");
  await Promise.all([anna, here].map((member) => member.said("I am here").waitFor()));
  for (const player of [anna, ben, cara, dora]) player.assertNoComplaint();
  console.log("whispers and a party pass between the world and the pages of two replicas");
});
