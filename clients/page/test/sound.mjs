// Which sounds are played, and when none is: node sound.mjs URL FOLDER

import { listen, openEar, slowDown } from "./testing/ear.mjs";
import { Player } from "./testing/player.mjs";
import { base, inBrowser, newName } from "./testing/visitor.mjs";

/** Where the road out of the town leads, from the middle of the window. */
const WEST = { x: 120, y: 360 };
const MOST_AT_ONCE = 8;

await inBrowser(async (browser) => {
  const visitor = await Player.arrive(browser, newName("Listener"));
  const { page } = visitor;
  await openEar(page);
  const loaded = [];
  page.on("request", (request) => request.url().endsWith(".mp3") && loaded.push(request.url()));
  const untilOutputs = (...are) =>
    visitor.until(`outputs that are [${are}]`, async () => String((await listen(page)).outputs) === String(are));
  const untilPlayed = (...names) =>
    visitor.until(`the sounds ${names}`, async () => {
      const { played } = await listen(page);
      return names.every((name) => played.includes(name));
    });

  await nothingBeforeAPress();
  await theFirstScreenMutes();
  await visitor.makesItself("Warrior");
  await untilPlayed("ambience/1_greenvale");
  await aFightHasSounds();
  await windowsHaveSounds();
  await neverMoreThanEight();
  await settingsMute();
  await aHiddenTabRests();
  visitor.assertNoComplaint();
  console.log("sounds are played when they are to be, and no others");

  async function nothingBeforeAPress() {
    await page.goto(`${base}/play`);
    const mute = page.getByRole("button", { name: "Sound is on" });
    await mute.waitFor();
    await page.mouse.move(300, 300);
    await page.mouse.move(400, 400);
    const { outputs } = await listen(page);
    if (outputs.length > 0 || loaded.length > 0) throw new Error(`before a press: outputs ${outputs}, files ${loaded}`);
  }

  async function theFirstScreenMutes() {
    await page.getByRole("button", { name: "Sound is on" }).click();
    await untilOutputs("suspended");
    await page.reload();
    // It was kept.
    await page.getByRole("button", { name: "Sound is off" }).click();
    await untilOutputs("running");
    if (loaded.length > 0) throw new Error(`loaded before the world was shown: ${loaded}`);
  }

  async function aFightHasSounds() {
    // Who holds the button walks there. The road leads to boars, which attack.
    await page.mouse.move(WEST.x, WEST.y);
    await page.mouse.down();
    await untilPlayed("effects/step", "effects/hurt");
    await page.mouse.up();
    const rest = await visitor.holdsTheFirstKey();
    await untilPlayed("effects/swing", "effects/hit");
    await rest();
  }

  async function windowsHaveSounds() {
    await page.keyboard.press("KeyB");
    await untilPlayed("interface/open");
    await page.locator(".bag-window").getByRole("button", { name: "Close" }).click();
    await untilPlayed("interface/close");
    const { played } = await listen(page);
    if (played.at(-1) === "interface/press") throw new Error("a button that closes a window has two sounds");
    await page.getByRole("button", { name: "Menu" }).click();
    await untilPlayed("interface/press");
    await page.keyboard.press("Escape");
  }

  async function neverMoreThanEight() {
    await slowDown(page);
    const { played } = await listen(page);
    await visitor.until("more sounds than can be played at once", async () => {
      await page.keyboard.press("KeyB");
      return (await listen(page)).played.length > played.length + 2 * MOST_AT_ONCE;
    });
    const { mostAtOnce } = await listen(page);
    if (mostAtOnce !== MOST_AT_ONCE) throw new Error(`${mostAtOnce} sounds were played at once`);
  }

  async function settingsMute() {
    await page.getByRole("button", { name: "Menu" }).click();
    await page.getByRole("button", { name: "Settings" }).click();
    await page.getByLabel("Mute all sounds").check();
    await untilOutputs("suspended");
    await visitor.picture("sound-settings");
    const before = (await listen(page)).played.length;
    await page.getByRole("button", { name: "Done" }).click();
    const bag = page.locator(".bag-window");
    const wasOpen = await bag.isVisible();
    await page.keyboard.press("KeyB");
    await bag.waitFor({ state: wasOpen ? "hidden" : "visible" });
    const after = (await listen(page)).played.length;
    if (after !== before) throw new Error(`${after - before} sounds were played while all were muted`);
    await page.getByRole("button", { name: "Menu" }).click();
    await page.getByRole("button", { name: "Settings" }).click();
    await page.getByLabel("Mute all sounds").uncheck();
    await untilOutputs("running");
    await page.getByRole("button", { name: "Done" }).click();
  }

  async function aHiddenTabRests() {
    const hide = (isHidden) =>
      page.evaluate((hidden) => {
        Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
        document.dispatchEvent(new Event("visibilitychange"));
      }, isHidden);
    await hide(true);
    await untilOutputs("suspended");
    await hide(false);
    await untilOutputs("running");
  }
});
