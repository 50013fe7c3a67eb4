// A visitor who is in the world: walks, talks, and looks at what the page shows of others.

import { look, openEye } from "./eye.mjs";
import { frames } from "./member.mjs";
import { Visitor } from "./visitor.mjs";

/** By the ports that the server tells, those to connect to instead: something stands between. */
const PORTS = JSON.parse(process.env.PORTS_THROUGH ?? "{}");

/** From the lower edge of a name to somewhere on the body below it. */
const BODY_PX = 36;
/** A character that is seen at the same place for so long, and in so many frames, stands. A busy machine draws few of them. */
const STANDS_MS = 300;
const STANDS_FRAMES = 5;
/** On a screen of this size a tile is so wide. */
export const TILE_PX = 64;

/** What the page writes into the console where there is no room: a machine that is held up lets nobody in for a moment. */
const FULL = /MAP_FULL|The map is full|GatewayError/;

/** Leads connections to some ports through others: something stands between. Runs in the page before its own scripts. */
function leadThrough(ports) {
  const through = (Socket) =>
    class extends Socket {
      constructor(url, ...more) {
        const at = new URL(url);
        at.port = ports[at.port] ?? at.port;
        super(at.href, ...more);
      }
    };
  globalThis.WebSocket = through(WebSocket);
  if (globalThis.WebTransport) globalThis.WebTransport = through(WebTransport);
}

export class Player extends Visitor {
  /** Opens a window, in a browser with WebTransport or without. */
  static async arrive(browser, name, { hasWebTransport = true } = {}) {
    const player = await super.arrive(browser, name);
    if (!hasWebTransport) await player.page.addInitScript(() => delete globalThis.WebTransport);
    await player.page.addInitScript(leadThrough, PORTS);
    await openEye(player.page);
    player.pardons();
    return player;
  }

  pardons(...patterns) {
    super.pardons(FULL, ...patterns);
  }

  /** Where there is no room it tries again, as the page says. */
  async isInTheWorld() {
    const again = this.page.getByRole("button", { name: "Enter again" });
    const ability = this.page.locator(".ability").first();
    await this.until("a place in the world", async () => {
      await ability.or(again).first().waitFor();
      if (await again.isVisible()) await again.click();
      return ability.isVisible();
    });
  }

  // --- what it sees ---

  /** Where a text stands in the world; null where none is to be seen. Names have the level behind them. */
  async sees(text) {
    const seen = await look(this.page);
    return seen.find((one) => one.text === text || one.text.startsWith(`${text} · Lv `)) ?? null;
  }

  async untilSees(text) {
    await this.until(`${text} in view`, () => this.sees(text));
    return this.sees(text);
  }

  /** Where a name stands, once neither it nor who looks walks any more. */
  async untilStands(name) {
    let [before, now] = [null, await this.untilSees(name)];
    await this.until(`${name} stands`, async () => {
      await Promise.all([this.page.waitForTimeout(STANDS_MS), frames(this.page, STANDS_FRAMES)]);
      [before, now] = [now, await this.untilSees(name)];
      return Math.hypot(now.x - before.x, now.y - before.y) < 2;
    });
    return now;
  }

  async untilSeesNot(text) {
    await this.until(`${text} out of view`, async () => !(await this.sees(text)));
  }

  /** The line of the chat that says something. */
  said(text) {
    return this.page.getByRole("log", { name: "Chat" }).locator(".line").filter({ hasText: text }).last();
  }

  get target() {
    return this.page.getByRole("region", { name: "Target" });
  }

  get banner() {
    return this.page.locator(".banner");
  }

  /** Health of the target as its frame shows it; 0 where there is none. */
  async healthOfTarget() {
    const health = this.target.getByRole("meter", { name: "Health of the target" });
    return Number(await health.getAttribute("aria-valuenow", { timeout: 1_000 }).catch(() => 0));
  }

  async gold() {
    return Number((await this.page.locator(".menu-bar .gold-text").textContent()).replace(/\D/g, ""));
  }

  /** How many of an item are in the bag. The bag is open. */
  async carries(item) {
    return this.page.getByRole("group", { name: "Bag", exact: true }).getByRole("button", { name: item }).count();
  }

  async untilCarries(item, count) {
    await this.until(`${count} × ${item} in the bag`, async () => (await this.carries(item)) === count);
  }

  async untilHasGold(gold) {
    await this.until(`${gold} gold`, async () => (await this.gold()) === gold);
  }

  /** The place as the mini-map names it. */
  get place() {
    return this.page.locator(".map-words .place");
  }

  get channel() {
    return this.page.locator(".map-words .channel");
  }

  // --- what it does ---

  /** Holds keys while something is done. */
  async holding(keys, does) {
    for (const key of keys) await this.page.keyboard.down(key);
    try {
      return await does();
    } finally {
      for (const key of keys) await this.page.keyboard.up(key);
    }
  }

  /** Opens or closes a window by its key. */
  async presses(key) {
    await this.page.keyboard.press(key);
  }

  /** Clicks on whom a text stands over. */
  async clicksOn(text) {
    const seen = await this.untilSees(text);
    await this.page.mouse.click(seen.x, seen.y + BODY_PX);
  }

  /** Walks to somebody, by a click on the ground a little to the left. */
  async walksBeside(name) {
    const { x, y } = await this.untilStands(name);
    await this.page.mouse.click(x - TILE_PX, y + BODY_PX + TILE_PX / 2);
    await this.untilStands(name);
  }

  /** Clicks on a player until that is the target. */
  async targets(name) {
    await this.until(`${name} is the target`, async () => {
      const isTarget = await this.isTarget(name);
      if (!isTarget) await this.clicksOn(name);
      return isTarget;
    });
  }

  async isTarget(name) {
    return this.target.locator(".unit-name").getByText(name, { exact: true }).isVisible();
  }

  /** Returns to life, where something has killed it. */
  async livesOn() {
    const back = this.page.getByRole("button", { name: "Return to the safe zone" });
    if (!(await back.isVisible())) return;
    await back.click();
    await back.waitFor({ state: "hidden" });
  }

  /** Types a line into the chat and sends it. */
  async types(line) {
    await this.presses("Enter");
    await this.page.keyboard.type(line);
    await this.presses("Enter");
  }

  /** Chooses what to do with the player who is the target. */
  async doesWithTarget(what) {
    await this.target.getByRole("button", { name: "Actions for this player" }).click();
    await this.page.getByRole("menuitem", { name: what, exact: true }).click();
  }

  /** Chooses what to do with a player whose name stands in the chat. */
  async doesWith(name, what) {
    await this.page.locator(".chat-log").getByRole("button", { name, exact: true }).last().click();
    await this.page.getByRole("menuitem", { name: what, exact: true }).click();
  }

  /** Answers a question of another player. */
  async accepts(question) {
    await this.page.getByRole("group", { name: question }).getByRole("button", { name: "Accept" }).click();
  }

  window(title) {
    return this.page.getByRole("dialog", { name: title });
  }
}
