// All three are a party: invited by a click on the player, and by name.

const frames = (player) => player.page.locator(".party-frames");
const rowOf = (player, name) => frames(player).getByRole("button", { name });

export async function party({ anna, bert, rusty }) {
  await anna.targets("Bert");
  await anna.doesWithTarget("Invite to party");
  await bert.accepts("Anna invites you to a party.");
  await rowOf(anna, "Bert").waitFor();
  await rowOf(bert, "Anna, leader").waitFor();
  await anna.presses("KeyP");
  const window = anna.window("Party");
  await window.getByLabel("Name of a player to invite").fill("Rusty");
  await window.getByRole("button", { name: "Invite" }).click();
  await rusty.until("it is invited", ({ invited }) => invited.length > 0);
  await rusty.say({ type: "PartyAnswer", party: BigInt(rusty.picture.invited.at(-1)), accept: true });
  for (const player of [anna, bert]) await rowOf(player, "Rusty").waitFor();
  await rusty.until("all are in its party", ({ party }) => party.join() === "Anna,Bert,Rusty");
  await window.getByRole("button", { name: "Close" }).click();
  await bert.types("/p together at last");
  await anna.said("[Party] Bert: together at last").waitFor();
  await rusty.until("it hears the party", ({ heard }) => heard.includes("Party Bert: together at last"));
}
