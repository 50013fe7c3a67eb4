// Pictures of fights: with what haunts a ruin, with the king below the barrow, and one that was lost.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { frames, leaves, plays } from "../testing/member.mjs";
import { pictures } from "../testing/visitor.mjs";

/** Of the moving picture, in pixels; and how long it is. */
const MOVING_VIEWPORT = { width: 960, height: 540 };
const MOVING_MS = 6_000;

const target = (page) => page.getByRole("region", { name: "Target" });

/** Whether whose health this is has lost some. */
async function isHurt(health) {
  if (!(await health.isVisible())) return false;
  const [now, most] = [await health.getAttribute("aria-valuenow"), await health.getAttribute("aria-valuemax")];
  return Number(now) > 0 && Number(now) < Number(most);
}

export async function fight(browser) {
  const visitor = await plays(browser, "sigrun", "Sigrun");
  const { page } = visitor;
  await visitor.until("somebody who attacks", () => visitor.isInAFight());
  const rest = await visitor.holdsTheFirstKey();
  // Her second blow hits all before her, and takes rage that the first ones bring.
  await page.locator(".ability.ready").nth(1).waitFor();
  const health = target(page).getByRole("meter", { name: "Health of the target" });
  await visitor.until("a blow that hits", () => isHurt(health));
  await page.keyboard.press("Digit2");
  await frames(page, 4);
  await visitor.picture("fight");
  await rest();
  await leaves(visitor);
}

/** The king has noticed two who have come for him, and lifts his sword. */
export async function boss(browser) {
  const visitor = await plays(browser, "halvard", "Halvard");
  const friend = await plays(browser, "maren", "Maren");
  const { page } = visitor;
  await visitor.until("the king's first blow", () => visitor.isInAFight());
  const rest = await visitor.holdsTheFirstKey();
  const friendRests = await friend.holdsTheFirstKey();
  await visitor.until("a blow that hits him", async () => {
    const isHe = await target(page).getByText("The Barrow King").isVisible();
    if (!isHe) await page.keyboard.press("Tab");
    // The frame of the target follows a moment later.
    await frames(page, 15);
    return isHe && isHurt(page.getByRole("meter", { name: "Health of the boss" }));
  });
  // Who is hit is white for a moment.
  await rest();
  await friendRests();
  await target(page).locator(".cast").waitFor({ state: "hidden" });
  await target(page).locator(".cast").waitFor();
  await frames(page, 12);
  await visitor.picture("boss");
  await leaves(friend);
  await leaves(visitor);
}

/** A fight as frames, named by their time in milliseconds: `runs browser --moving` makes a moving picture of them. */
export async function moving(browser) {
  const visitor = await plays(browser, "sigrun", "Sigrun", { viewport: MOVING_VIEWPORT });
  const { page } = visitor;
  const folder = join(pictures, "moving");
  await mkdir(folder, { recursive: true });
  await visitor.until("an attack", () => visitor.isInAFight());
  const session = await page.context().newCDPSession(page);
  const written = [];
  let began;
  session.on("Page.screencastFrame", ({ data, metadata, sessionId }) => {
    began ??= metadata.timestamp;
    const atMs = String(Math.round((metadata.timestamp - began) * 1_000)).padStart(6, "0");
    written.push(writeFile(join(folder, `${atMs}.png`), Buffer.from(data, "base64")));
    session.send("Page.screencastFrameAck", { sessionId }).catch(() => {});
  });
  await session.send("Page.startScreencast", { format: "png", everyNthFrame: 2 });
  const rest = await visitor.holdsTheFirstKey();
  const ended = page.waitForTimeout(MOVING_MS).then(() => true);
  const isOver = () => Promise.race([ended, frames(page, 20).then(() => false)]);
  while (!(await isOver())) await page.keyboard.press("Digit2");
  await session.send("Page.stopScreencast");
  await rest();
  await Promise.all(written);
  await leaves(visitor);
}

export async function death(browser) {
  const visitor = await plays(browser, "pip", "Pip");
  const { page } = visitor;
  await visitor.until("an end", () => page.getByRole("button", { name: "Return to the safe zone" }).isEnabled());
  await frames(page, 30);
  await visitor.picture("death");
  await leaves(visitor);
}
