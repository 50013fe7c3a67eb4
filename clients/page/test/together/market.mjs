// Anna buys a potion for what she was given, and Bert sells one of his.

import { visitsVendor } from "../testing/town.mjs";

const VENDOR = "Odo the Alchemist";
const POTION = "Healing Potion";

export async function market({ anna, bert }) {
  // Anna by the mouse: who clicks on a vendor walks there.
  const annas = anna.window(VENDOR);
  await anna.clicksOn(VENDOR);
  await annas.getByRole("button", { name: `Buy ${POTION} for 20 gold` }).click();
  await anna.untilHasGold(0);
  await anna.untilCarries(POTION, 1);
  await anna.picture("together-market-buys-Anna");
  await annas.getByRole("button", { name: "Close" }).click();
  // Bert by the keyboard.
  await visitsVendor(bert, ["KeyW", "KeyS"], () => bert.presses("KeyF"));
  const berts = bert.window(VENDOR);
  await berts.getByRole("button", { name: `Sell ${POTION} for 6 gold` }).click();
  await bert.untilHasGold(6);
  await bert.untilCarries(POTION, 1);
  await berts.getByRole("button", { name: "Close" }).click();
}
