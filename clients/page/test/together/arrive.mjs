// Both make themselves and enter, each over its own transport, and all go to the same channel.

import { onlyTooLate } from "../testing/visitor.mjs";

async function showsTransport(player, transport) {
  const { page } = player;
  await page.getByRole("button", { name: "Menu" }).click();
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByLabel("Show network").check();
  await page.getByRole("button", { name: "Done" }).click();
  const told = page.locator(".network dd").first();
  await player.until(`it plays over ${transport}`, async () => (await told.textContent()) === transport);
}

/** Goes to a channel by the list of channels, if it is not there. One that has no room for a moment is tried again. */
export async function goesTo(player, channel) {
  const go = player.page.getByRole("button", { name: `Go to channel ${channel}` });
  await player.until(`channel ${channel}`, async () => {
    if ((await player.channel.textContent()) === `Channel ${channel}`) return true;
    // A click that misses the words opens the whole map, which covers them.
    const map = player.page.locator(".map-window");
    if (await map.isVisible()) await map.getByRole("button", { name: "Close" }).click();
    if (!(await player.window("Channels").isVisible())) await player.channel.click({ timeout: 2_000 }).catch(onlyTooLate);
    // The list may be there no more: then it has led there.
    else if (await go.isVisible()) await go.click({ timeout: 2_000 }).catch(() => {});
    await player.page.waitForTimeout(500);
    return false;
  });
  const list = player.window("Channels");
  if (await list.isVisible()) await list.getByRole("button", { name: "Close" }).click();
}

/** The one in Rust goes there too. */
export async function rustyGoesTo(rusty, channel) {
  let askedMs = -Infinity;
  await rusty.until(`channel ${channel}`, async ({ channel: now }) => {
    if (now === channel) return true;
    if (performance.now() - askedMs > 2_000) {
      askedMs = performance.now();
      // A mob may have killed it, and the dead cannot switch.
      await rusty.livesOn();
      await rusty.say({ type: "SwitchChannel", channel });
    }
    return false;
  });
}

export async function arrive({ anna, bert, rusty }) {
  await Promise.all([anna.makesItself("Warrior"), bert.makesItself("Ranger")]);
  await Promise.all([showsTransport(anna, "webtransport"), showsTransport(bert, "websocket")]);
  for (const player of [anna, bert]) await goesTo(player, 1);
  await rusty.until("it is in the world", ({ map }) => map === 1);
  await rustyGoesTo(rusty, 1);
}
