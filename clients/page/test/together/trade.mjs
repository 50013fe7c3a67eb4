// Anna gives Bert a potion, and gets all his gold for it.

const POTION = "Healing Potion";
const GOLD = 10;

const offers = (player, side) => player.page.getByRole("group", { name: side });

export async function trade({ anna, bert }) {
  for (const player of [anna, bert]) await player.untilHasGold(GOLD);
  await anna.walksBeside("Bert");
  await anna.targets("Bert");
  await anna.doesWithTarget("Trade");
  await bert.accepts("Anna wants to trade with you.");
  const [annas, berts] = [anna.window("Trade with Bert"), bert.window("Trade with Anna")];
  await Promise.all([annas.waitFor(), berts.waitFor()]);
  for (const player of [anna, bert]) await player.untilCarries(POTION, 1);
  const potion = anna.page.getByRole("group", { name: "Bag", exact: true }).getByRole("button", { name: POTION });
  await potion.click();
  await anna.page.getByRole("button", { name: "Offer", exact: true }).click();
  await offers(anna, "Your offer").getByRole("button", { name: POTION }).waitFor();
  await offers(bert, "Their offer").getByRole("button", { name: POTION }).waitFor();
  await berts.getByLabel("Gold that you offer").fill(String(GOLD));
  await berts.getByLabel("Gold that you offer").press("Tab");
  await annas.getByText(`${GOLD} gold`, { exact: true }).waitFor();
  await bert.picture("together-trade-offers-Bert");
  await annas.getByRole("button", { name: "Agree" }).click();
  await berts.getByText("Anna has agreed. Check both offers before you agree.").waitFor();
  await berts.getByRole("button", { name: "Agree" }).click();
  for (const player of [anna, bert]) {
    await player.said("Trade completed.").waitFor();
    await player.presses("KeyB");
  }
  await Promise.all([anna.untilCarries(POTION, 0), bert.untilCarries(POTION, 2)]);
  await Promise.all([anna.untilHasGold(2 * GOLD), bert.untilHasGold(0)]);
  for (const player of [anna, bert]) await player.presses("KeyB");
}
