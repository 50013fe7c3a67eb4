// Pictures of what somebody sees who stands in the town: the bag, a vendor, the settings.

import { frames, goesBack, leaves, plays } from "../testing/member.mjs";

export async function bag(browser) {
  const visitor = await plays(browser, "aldric", "Aldric");
  const { page } = visitor;
  await page.keyboard.press("KeyB");
  await page.getByRole("dialog", { name: "Bag" }).getByRole("button", { name: "Shard of the Crown" }).click();
  await page.getByRole("button", { name: "Wear" }).waitFor();
  await pictureOf(visitor, "bag");
}

export async function vendor(browser) {
  const visitor = await plays(browser, "aldric", "Aldric");
  const { page } = visitor;
  await page.keyboard.press("KeyF");
  await page.getByRole("list", { name: "For sale" }).getByRole("listitem").first().waitFor();
  await pictureOf(visitor, "vendor");
}

export async function settings(browser) {
  const visitor = await plays(browser, "aldric", "Aldric");
  const { page } = visitor;
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("dialog", { name: "Settings" }).waitFor();
  await pictureOf(visitor, "settings");
}

/** With all pictures of items there, and the pointer nowhere. */
async function pictureOf(visitor, name) {
  await visitor.page.mouse.move(640, 5);
  await visitor.page.waitForLoadState("networkidle");
  await frames(visitor.page, 10);
  await visitor.picture(name);
  // Windows close one by one.
  while (await visitor.page.getByRole("dialog").first().isVisible()) await visitor.page.keyboard.press("Escape");
  await goesBack(visitor);
  await leaves(visitor);
}
