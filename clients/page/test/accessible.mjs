// Whether everybody can use the page, as far as axe-core sees: node accessible.mjs URL FOLDER

import { axe } from "./testing/axe.mjs";
import { speaks, visitsTheSmith } from "./testing/town.mjs";
import { base, inBrowser, newName, Visitor } from "./testing/visitor.mjs";

const WINDOWS = { Bag: "KeyB", Character: "KeyC", Party: "KeyP", Map: "KeyM", "Ignored players": "KeyO" };
const PASSWORD = "correct horse battery";

const looksAt = await axe();
const faults = [];

/** Looks at what is on the screen now. */
async function look({ page }, what) {
  // What is still fading in is paler than it will be.
  await page.evaluate(() => {
    const ends = ({ effect }) => Number.isFinite(effect?.getComputedTiming().endTime);
    return Promise.allSettled(
      document
        .getAnimations()
        .filter(ends)
        .map(({ finished }) => finished),
    );
  });
  for (const fault of await looksAt(page)) faults.push(`${what}: ${fault}`);
}

async function beforePlay(visitor) {
  const { page, name } = visitor;
  await page.goto(`${base}/`);
  await page.getByText(/players? in the world/).waitFor();
  await look(visitor, "landing");
  await page.getByRole("link", { name: "Play" }).click();
  await page.getByLabel("User name").first().waitFor();
  await look(visitor, "log-in");
  await page.getByRole("tab", { name: "New here?" }).click();
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByText("Enter your user name.").waitFor();
  await look(visitor, "a new account, with a fault");
  await page.getByLabel("User name").last().fill(name);
  await page.getByLabel("Password").last().fill(PASSWORD);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("radio", { name: "Warrior" }).waitFor();
  await look(visitor, "a new character");
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("button", { name: "Create character" }).click();
  await visitor.isInTheWorld();
}

async function inTheWorld(visitor) {
  const { page } = visitor;
  await look(visitor, "the world");
  await growsWithTheScreen(visitor);
  for (const [title, key] of Object.entries(WINDOWS)) {
    await page.keyboard.press(key);
    await page.locator(".panels .window").waitFor();
    await look(visitor, title);
    await page.keyboard.press("Escape");
    await page.locator(".panels .window").waitFor({ state: "detached" });
  }
  await page.locator(".ability").first().hover();
  await page.getByRole("tooltip").waitFor();
  await speaks(visitor, "hello");
  await look(visitor, "the chat, and a tooltip");
  await visitsTheSmith(visitor);
  await look(visitor, "a vendor, beside the bag");
  while ((await page.locator(".panels .window").count()) > 0) await page.keyboard.press("Escape");
  await fromTheMenu(visitor);
}

async function fromTheMenu(visitor) {
  const { page } = visitor;
  const menu = page.getByRole("button", { name: "Menu" });
  await menu.click();
  await look(visitor, "the menu");
  await page.getByRole("button", { name: "Settings" }).click();
  await look(visitor, "the settings");
  await page.getByRole("button", { name: "Done" }).click();
  await menu.click();
  await page.getByRole("button", { name: "Channels" }).click();
  await page.getByText("You are here").waitFor();
  await look(visitor, "the channels");
  await page.keyboard.press("Escape");
  await menu.click();
  await page.getByRole("button", { name: "Switch character" }).click();
  await page.getByRole("heading", { name: "Who will you be?" }).waitFor();
  await look(visitor, "the characters");
}

/** On a screen with twice as many pixels everything is twice as large. */
async function growsWithTheScreen(visitor) {
  const { page } = visitor;
  const before = page.viewportSize();
  const widthAt = async (viewport) => {
    await page.setViewportSize(viewport);
    return (await page.locator(".ability").first().boundingBox()).width;
  };
  const [usual, large] = [await widthAt({ width: 1920, height: 1080 }), await widthAt({ width: 3840, height: 2160 })];
  await visitor.picture("large-screen");
  if (large < usual * 1.9) throw new Error(`an ability is ${usual} pixels wide, and ${large} on a screen of 2,160 pixels`);
  await page.setViewportSize(before);
}

await inBrowser(async (browser) => {
  const visitor = await Visitor.arrive(browser, newName("Everybody"));
  await beforePlay(visitor);
  await inTheWorld(visitor);
  visitor.assertNoComplaint();
});
if (faults.length > 0) throw new Error(`axe-core found:\n${faults.join("\n")}`);
console.log("axe-core found nothing to mend");
