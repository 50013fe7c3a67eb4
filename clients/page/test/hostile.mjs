// A server whose every text is markup: node hostile.mjs URL FOLDER. Names, lines of chat, items and abilities are shown as the
// texts that they are: no element comes of them, nothing runs, and nothing is asked for.

import { speaks, visitsTheSmith } from "./testing/town.mjs";
import { inBrowser, newName, Visitor } from "./testing/visitor.mjs";

/** What is added to each text. Whatever of it takes effect sets `injected`, or asks the server for something of that name. */
const MARKUP = `"'><img src="/injected" onerror="globalThis.injected = 1"><script>globalThis.injected = 2</script><style>* { background: url(/injected) }</style>`;

/** What the game is told by its own connection: each text of it passes a decoder. */
function makeTextsHostile(markup) {
  const { decode } = TextDecoder.prototype;
  TextDecoder.prototype.decode = function hostile(...bytes) {
    return decode.apply(this, bytes) + markup;
  };
}

/** What the page is told by HTTP. */
async function makeAnswersHostile(page) {
  const names = new Set(["name", "description", "class_name", "detail", "version"]);
  const hostile = (value, key) => {
    if (Array.isArray(value)) return value.map((one) => hostile(one));
    if (value !== null && typeof value === "object")
      return Object.fromEntries(Object.entries(value).map(([name, of]) => [name, hostile(of, name)]));
    return typeof value === "string" && names.has(key) ? value + MARKUP : value;
  };
  for (const path of ["**/status", "**/character-classes", "**/characters", "**/auth/*"])
    await page.route(path, async (route) => {
      const response = await route.fetch();
      const text = await response.text();
      await route.fulfill({ response, body: text && JSON.stringify(hostile(JSON.parse(text))) });
    });
}

/** Text that shows the markup, in what is open. */
async function showsMarkup(locator, what) {
  await locator.first().waitFor();
  const texts = await locator.evaluateAll((elements) =>
    elements.map((element) => `${element.textContent} ${element.ariaLabel}`),
  );
  if (!texts.some((text) => text.includes('<img src="/injected"')))
    throw new Error(`${what} shows nothing of it: ${texts}`);
}

async function playsOn(visitor) {
  const { page } = visitor;
  await showsMarkup(page.getByRole("region", { name: "You" }), "the own frame");
  await showsMarkup(page.locator(".ability"), "the ability bar");
  await page.locator(".ability").first().hover();
  await showsMarkup(page.getByRole("tooltip"), "a tooltip");
  await speaks(visitor, `hello ${MARKUP.slice(0, 60)}`);
  await showsMarkup(page.getByRole("log", { name: "Chat" }), "the chat");
  await page.keyboard.press("KeyB");
  await page.locator(".bag-window .item-slot.filled").first().click();
  await showsMarkup(page.locator(".bag-window .item-details"), "an item");
  await page.keyboard.press("Escape");
  await page.keyboard.press("KeyC");
  await showsMarkup(page.locator(".character-window"), "the character");
  await page.keyboard.press("Escape");
  await visitsTheSmith(visitor);
  await showsMarkup(page.locator(".vendor-window"), "a vendor");
}

await inBrowser(async (browser) => {
  const visitor = await Visitor.arrive(browser, newName("Guarded"));
  const { page } = visitor;
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.addInitScript(makeTextsHostile, MARKUP);
  await makeAnswersHostile(page);
  await visitor.makesItself("Warrior");
  await playsOn(visitor);
  const found = await page.evaluate(() => ({
    injected: globalThis.injected ?? null,
    elements: [...document.querySelectorAll("img[src*=injected], [onerror], script:not([src]), style, iframe")].map(
      (one) => one.outerHTML,
    ),
  }));
  if (found.injected !== null || found.elements.length > 0)
    throw new Error(`markup of the server took effect: ${JSON.stringify(found)}`);
  const strange = asked.filter((url) => url.includes("injected"));
  if (strange.length > 0) throw new Error(`markup of the server asked for ${strange}`);
  console.log("texts of the server are texts");
});
