// Pictures of company: a party that talks, and a trade.

import { frames, goesBack, leaves, plays, says } from "../testing/member.mjs";

async function threeMeet(browser) {
  const aldric = await plays(browser, "aldric", "Aldric");
  const brenna = await plays(browser, "brenna", "Brenna");
  const rowan = await plays(browser, "rowan", "Rowan");
  return { aldric, brenna, rowan };
}

const hears = ({ page }, words) => page.getByRole("log", { name: "Chat" }).getByText(words).waitFor();

async function joins(leader, member, name) {
  await says(leader, `/invite ${name}`);
  await member.page.getByRole("button", { name: "Accept" }).click();
  await leader.page.getByRole("region", { name: "Party" }).getByText(name).waitFor();
}

export async function partyAndChat(browser) {
  const { aldric, brenna, rowan } = await threeMeet(browser);
  await joins(aldric, brenna, "Brenna");
  await joins(aldric, rowan, "Rowan");
  await says(brenna, "/w Aldric Bring a potion for me, please.");
  await hears(aldric, "Bring a potion");
  await says(rowan, "/p The gate to the Darkwood is east of here.");
  await hears(aldric, "east of here");
  await says(aldric, "/p Then let us go before it gets dark.");
  await says(aldric, "/s Anybody else for the barrow?");
  await says(brenna, "/s I have fresh herbs, and time.");
  await hears(aldric, "fresh herbs");
  await frames(aldric.page, 20);
  await aldric.picture("party-and-chat");
  for (const visitor of [rowan, brenna, aldric]) await parts(visitor);
}

export async function trade(browser) {
  const aldric = await plays(browser, "aldric", "Aldric");
  const brenna = await plays(browser, "brenna", "Brenna");
  await says(brenna, "Who has a sceptre to sell?");
  await hears(aldric, "a sceptre");
  await aldric.page.getByRole("log", { name: "Chat" }).getByRole("button", { name: "Brenna" }).last().click();
  await aldric.page.getByRole("menuitem", { name: "Trade" }).click();
  await brenna.page.getByRole("button", { name: "Accept" }).click();
  await offers(aldric, ["The King's Sceptre", "Healing Potion"]);
  await offers(brenna, ["Wraith Bow"]);
  const gold = brenna.page.getByLabel("Gold that you offer");
  await gold.fill("250");
  await gold.press("Tab");
  await aldric.page.getByText("250 gold").waitFor();
  await brenna.page.getByRole("button", { name: "Agree" }).click();
  await aldric.page.getByText(/Brenna has agreed/).waitFor();
  await aldric.page.mouse.move(640, 5);
  await frames(aldric.page, 20);
  await aldric.picture("trade");
  await aldric.page.getByRole("button", { name: "Cancel" }).click();
  await aldric.page.getByRole("dialog", { name: /^Trade with/ }).waitFor({ state: "hidden" });
  for (const visitor of [brenna, aldric]) await parts(visitor);
}

async function parts(visitor) {
  await goesBack(visitor);
  await leaves(visitor);
}

async function offers({ page }, names) {
  const dialog = page.getByRole("dialog", { name: /^Trade with/ });
  for (const name of names) {
    await page
      .getByRole("group", { name: "Bag", exact: true })
      .getByRole("button", { name, exact: true })
      .first()
      .dblclick();
    await dialog.getByRole("group", { name: "Your offer" }).getByRole("button", { name, exact: true }).waitFor();
  }
}
