// A person at the page: a browser's window with its own log-in, whose every complaint is a failure. Scripts take the address of
// the page and a folder for pictures.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { launch } from "../../../js/test/testing/chromium.mjs";

export const [base, pictures = "."] = process.argv.slice(2);
export const PASSWORD = "correct horse battery";
/** A busy machine draws few frames a second. */
const PATIENCE_MS = 90_000;
/** Whoever is not in the world by then is asked to press again. */
const ENTERS_WITHIN_MS = 20_000;
/** A page that fails may not answer either. */
const TELLS_WITHIN_MS = 5_000;
const DESKTOP = { viewport: { width: 1280, height: 720 } };

/** Runs a script's steps in a browser, which is closed at the end. */
export async function inBrowser(steps) {
  await mkdir(pictures, { recursive: true });
  const browser = await launch();
  try {
    await steps(browser);
  } catch (error) {
    await tellsWhatIsShown(browser);
    throw error;
  } finally {
    await browser.close();
  }
}

/** What a script that failed has left on each screen. */
async function tellsWhatIsShown(browser) {
  for (const page of browser.contexts().flatMap((context) => context.pages())) {
    const text = await page.locator("body").innerText({ timeout: TELLS_WITHIN_MS }).catch((error) => error.message);
    console.error(`${page.url()} shows:\n${text}\n`);
  }
}

/** One person. */
export class Visitor {
  #complaints = [];
  /** Complaints that are no failure now. */
  #pardoned = [];

  constructor(page, name) {
    [this.page, this.name] = [page, name];
    /** The address of the page: of another replica, if a script sets it. */
    this.base = base;
    page.setDefaultTimeout(PATIENCE_MS);
    page.on("pageerror", (error) => this.#complain(error.stack ?? String(error)));
    page.on("console", (message) => {
      // The browser writes each refused answer and each break of the policy there.
      if (message.type() === "error") this.#complain(`${message.text()} (${message.location().url})`);
    });
  }

  #complain(text) {
    if (!this.#pardoned.some((pattern) => pattern.test(text))) this.#complaints.push(text);
  }

  /** From now on such complaints are no failure: what comes provokes them. */
  pardons(...patterns) {
    this.#pardoned = patterns;
  }

  /** Opens a window. `options` are those of playwright's contexts. */
  static async arrive(browser, name, options = DESKTOP) {
    const page = await (await browser.newContext(options)).newPage();
    return new this(page, name);
  }

  /** Fails where the page or the browser has complained. */
  assertNoComplaint() {
    if (this.#complaints.length > 0) throw new Error(`the page of ${this.name} complained:\n${this.#complaints.join("\n")}`);
  }

  async picture(name) {
    await this.page.screenshot({ path: join(pictures, `${name}.png`) });
  }

  /** From the landing page to the form for a new account. */
  async findsTheForm(press = (locator) => locator.click()) {
    await this.page.goto(`${this.base}/`);
    await press(this.page.getByRole("link", { name: "Play" }));
    await press(this.page.getByRole("tab", { name: "New here?" }));
  }

  /** Makes an account, and has no character yet. */
  async signsUp(press = (locator) => locator.click()) {
    await this.findsTheForm(press);
    await this.page.getByLabel("User name").last().fill(this.name);
    await this.page.getByLabel("Password").last().fill(PASSWORD);
    await press(this.page.getByRole("button", { name: "Create account" }));
  }

  /** Makes an account and a character of a class, and is in the world. */
  async makesItself(className, press = (locator) => locator.click()) {
    await this.signsUp(press);
    await this.makesACharacter(className, press);
  }

  /** Makes a character of a class, and is in the world. */
  async makesACharacter(className, press = (locator) => locator.click()) {
    await press(this.page.getByRole("radio", { name: className }));
    await this.page.getByLabel("Name", { exact: true }).fill(this.name);
    await press(this.page.getByRole("button", { name: "Create character" }));
    await this.isInTheWorld();
  }

  async isInTheWorld() {
    await this.page.locator(".ability").first().waitFor();
  }

  /** Presses what leads into the world. Whom a busy server has sent back presses again. */
  async entersBy(button) {
    const inTheWorld = this.page.locator(".ability").first();
    await this.until("the world", async () => {
      if (await button.isVisible()) await button.click({ timeout: ENTERS_WITHIN_MS }).catch(onlyTooLate);
      await inTheWorld.waitFor({ timeout: ENTERS_WITHIN_MS }).catch(onlyTooLate);
      return inTheWorld.isVisible();
    });
  }

  /** Experience on this level; it comes with each kill. */
  async experience() {
    return Number(await this.page.getByRole("meter", { name: "Experience" }).getAttribute("aria-valuenow"));
  }

  /** Whether the character has lost health: somebody fights it. */
  async isInAFight() {
    const health = this.page.getByRole("region", { name: "You" }).getByRole("meter", { name: "Health" });
    return (await health.getAttribute("aria-valuenow")) !== (await health.getAttribute("aria-valuemax"));
  }

  get #wayBack() {
    return this.page.getByRole("button", { name: "Return to the safe zone" });
  }

  /**
   * Goes where somebody attacks, and strikes back until somebody has died of it. Who is killed instead returns and tries again.
   * `walk` and `strike` begin something, and answer how it ends.
   */
  async fightsUntilAKill(walk, strike) {
    const hasKilled = async () => (await this.experience()) > 0;
    while (!(await hasKilled())) {
      const stand = await walk();
      await this.until("somebody who attacks", () => this.isInAFight());
      await stand();
      const rest = await strike();
      await this.until("a kill, or an end", async () => (await hasKilled()) || this.#wayBack.isVisible());
      await rest();
      if (!(await this.#wayBack.isVisible())) continue;
      await this.#wayBack.click();
      await this.until("a new start", async () => !(await this.isInAFight()));
    }
  }

  /** Holds the key of the first ability, which strikes whoever is nearest. */
  holdsTheFirstKey = async () => {
    await this.page.keyboard.down("Digit1");
    return () => this.page.keyboard.up("Digit1");
  };

  /** Does something again and again until a question is answered with yes. */
  async until(what, isSo, patienceMs = PATIENCE_MS) {
    await until(`${this.name}: ${what}`, isSo, patienceMs).catch(async (error) => {
      await this.picture(`${this.name}-waits`);
      throw error;
    });
  }
}

/** Asks again and again until the answer is yes. */
export async function until(what, isSo, patienceMs = PATIENCE_MS) {
  const endMs = performance.now() + patienceMs;
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** For what is tried again. */
export function onlyTooLate(error) {
  if (error.name !== "TimeoutError") throw error;
}

/** A name that nobody has had. */
export const newName = (begin) => `${begin}${Date.now().toString(36)}`;
