// From the landing page into the world and out again by each door, a step at a time: node landing-flow.mjs URL FOLDER. After each
// step the test looks at what the server knows of the user.

import { Stage } from "./testing/stage.mjs";
import { base, inBrowser, newName, Visitor } from "./testing/visitor.mjs";

const stage = new Stage();

/** The page's sockets. The one to the map server opens when it is released; the other one is listened to. */
class Sockets {
  #gateway = null;
  #onGrant = () => {};
  #release = () => {};
  #released = Promise.resolve();

  static async of(page) {
    const sockets = new this();
    await page.routeWebSocket(/\/ws$/, (socket) => sockets.#listens(socket));
    await page.routeWebSocket(/\/play$/, async (socket) => {
      await sockets.#released;
      socket.connectToServer();
    });
    return sockets;
  }

  #listens(socket) {
    const gateway = socket.connectToServer();
    gateway.onMessage((text) => {
      const { event, data } = JSON.parse(text);
      if (event === "enter_world_success") this.#onGrant(data);
      socket.send(text);
    });
    this.#gateway = gateway;
  }

  /** From now on the page does not reach a map server. */
  hold() {
    this.#released = new Promise((resolve) => (this.#release = resolve));
  }

  release() {
    this.#release();
  }

  /** The next entry point that the page is sent. */
  grant() {
    return new Promise((resolve) => (this.#onGrant = resolve));
  }

  /** Sends a message to the gateway over the page's own socket. */
  say(event, data = {}) {
    this.#gateway.send(JSON.stringify({ event, data }));
  }
}

/** Lets the test look at the server. */
async function step(name, { user, character, server } = {}) {
  await stage.ask({ step: { name, user, character, server } });
}

/** The first account of a server is its administrator, whom the page logs in by no provider. */
async function makesTheAdministrator() {
  const body = JSON.stringify({ device_id: "the administrator's" });
  const headers = { "content-type": "application/json" };
  const { ok } = await fetch(`${base}/api/v1/login/device`, { method: "POST", headers, body });
  if (!ok) throw new Error("there is no administrator");
}

/** Logs in at the provider, in the tab that the page opens. */
async function signsIn({ page }, user) {
  const opened = page.waitForEvent("popup");
  await page.getByRole("button", { name: "Sign in with Google" }).click();
  const tab = await opened;
  await tab.locator("[name=login]").fill(user);
  await tab.locator("[name=password]").fill("x");
  await tab.locator("[type=submit]").click();
  await tab.locator("[name=prompt][value=consent]").waitFor({ state: "attached" });
  await tab.locator("[type=submit]").click();
  await tab.getByText("Go back to the game").waitFor();
  await tab.close();
  await page.getByRole("button", { name: "Create character" }).waitFor();
}

/** The access token of the page, and the user that it names. */
async function logInOf({ page }) {
  const stored = await page.evaluate(() => Object.values(sessionStorage).join(" "));
  const token = /[\w-]+\.[\w-]+\.[\w-]+/.exec(stored)[0];
  const { userId: user } = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
  return { token, user };
}

async function calls(method, path, token, body) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const answer = await fetch(`${base}${path}`, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.status === 204 ? null : answer.json();
}

/** The address of the game leads to the page, with its query. */
async function goesToTheGame({ page }) {
  const { request } = await page.goto(`${base}/game?from=landing`).then((answer) => ({ request: answer.request() }));
  const redirect = await request.redirectedFrom()?.response();
  if (redirect?.status() !== 308) throw new Error(`/game answered ${redirect?.status()}`);
  if (page.url() !== `${base}/play?from=landing`) throw new Error(`/game led to ${page.url()}`);
}

const button = ({ page }, name) => page.getByRole("button", { name });

/** Chooses a character; looks before the page connects to the map server, and when it is in the world. */
async function enters(visitor, sockets, { user, character, name }) {
  sockets.hold();
  const granted = sockets.grant();
  await button(visitor, `Enter the world as ${name}`).click();
  const { server_id: server, character_id: granted_to } = await granted;
  if (granted_to !== character) throw new Error(`the entry point is for ${granted_to}`);
  await step("told", { user, character, server });
  sockets.release();
  await visitor.isInTheWorld();
  await step("in_the_world", { user, character, server });
}

/** All that the page has loaded below `/assets/` came from the delivery network. */
function assertFromTheNetwork(loaded, network) {
  const assets = loaded.filter((url) => new URL(url).pathname.startsWith("/assets/"));
  const elsewhere = assets.filter((url) => !url.startsWith(`${network}/`));
  if (assets.length === 0 || elsewhere.length > 0) throw new Error(`of ${assets.length} assets not from there: ${elsewhere}`);
}

const flow = async (browser) => {
  await makesTheAdministrator();
  const ann = await Visitor.arrive(browser, newName("ann"));
  const sockets = await Sockets.of(ann.page);
  const loaded = [];
  ann.page.on("request", (request) => loaded.push(request.url()));
  await ann.page.goto(`${base}/`);
  await ann.page.getByRole("link", { name: "Play" }).waitFor();
  await step("landed");

  await ann.page.getByRole("link", { name: "Play" }).click();
  await signsIn(ann, "ann");
  const { token, user } = await logInOf(ann);
  await step("signed_in", { user });

  const [{ id: class_id }] = await calls("GET", "/character-classes", token);
  await calls("POST", "/characters", token, { name: newName("Left"), class_id });
  const chosen = await calls("POST", "/characters", token, { name: newName("Right"), class_id });
  const about = { user, character: chosen.id, name: chosen.name };
  await goesToTheGame(ann);
  await button(ann, `Enter the world as ${chosen.name}`).waitFor();
  await step("chooses", about);
  await enters(ann, sockets, about);
  const { files } = await (await fetch(`${base}/assets.json`)).json();
  assertFromTheNetwork(loaded, new URL(Object.values(files)[0]).origin);

  // Out by the game's own connection.
  await button(ann, "Menu").click();
  await button(ann, "Switch character").click();
  await button(ann, `Enter the world as ${chosen.name}`).waitFor();
  await step("left", about);

  // Out by the gateway.
  await enters(ann, sockets, about);
  sockets.say("leave_world");
  await step("left", about);
  await ann.page.getByText("You were logged out").waitFor();
  // The log-in goes on: the page finds it again.
  await ann.page.reload();
  await button(ann, `Enter the world as ${chosen.name}`).waitFor();

  // Out by HTTP, which ends the log-in too. The page learns it from its sockets, and is refused what it calls after that.
  await enters(ann, sockets, about);
  ann.pardons(/401/);
  const { token: last } = await logInOf(ann);
  await calls("POST", "/auth/logout", last);
  await step("logged_out", about);
  const { status } = await fetch(`${base}/characters`, { headers: { authorization: `Bearer ${last}` } });
  if (status !== 401) throw new Error(`the token of an ended log-in: ${status}`);
  await ann.until("the page to notice", async () => !(await ann.page.locator(".ability").first().isVisible()));
  ann.assertNoComplaint();
};

await inBrowser(flow).finally(() => stage.close());
