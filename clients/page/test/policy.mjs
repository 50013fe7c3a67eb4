// What the page allows itself, and where it keeps its tokens: node policy.mjs URL FOLDER

import { speaks } from "./testing/town.mjs";
import { base, inBrowser, newName, Visitor } from "./testing/visitor.mjs";

function assert(isSo, otherwise) {
  if (!isSo) throw new Error(otherwise);
}

/** The policy of a document is strict: nothing inline, nothing evaluated, nothing by default. */
async function policyIsStrict(page, path) {
  const policy = (await page.goto(`${base}${path}`)).headers()["content-security-policy"] ?? "";
  assert(policy.includes("default-src 'none'"), `${path} allows by default: ${policy}`);
  assert(!/unsafe-|\*/.test(policy), `${path} allows too much: ${policy}`);
  assert(/script-src 'self'(;|$)/.test(policy), `${path} runs scripts of others: ${policy}`);
}

/** A script that gets into the document somehow does not run, and the browser says so. */
async function inlineScriptIsRefused(page) {
  const broken = await page.evaluate(() => {
    const told = new Promise((resolve) =>
      document.addEventListener("securitypolicyviolation", resolve, { once: true }),
    );
    const script = document.createElement("script");
    script.textContent = "globalThis.injected = true";
    document.body.append(script);
    script.remove();
    return told.then(({ effectiveDirective, blockedURI }) => ({
      effectiveDirective,
      blockedURI,
      ran: globalThis.injected ?? false,
    }));
  });
  assert(!broken.ran, "an inline script has run");
  assert(broken.effectiveDirective === "script-src-elem" && broken.blockedURI === "inline", JSON.stringify(broken));
}

/** Every token that the server has given. */
function tokensOf(page) {
  const given = [];
  page.on("response", async (response) => {
    if (!new URL(response.url()).pathname.startsWith("/auth/")) return;
    const { access_token: access, refresh_token: refresh } = await response.json().catch(() => ({}));
    given.push(...[access, refresh].filter(Boolean));
  });
  return given;
}

await inBrowser(async (browser) => {
  const stranger = await Visitor.arrive(browser, "stranger");
  for (const path of ["/", "/play"]) {
    await policyIsStrict(stranger.page, path);
    await inlineScriptIsRefused(stranger.page);
  }
  const visitor = await Visitor.arrive(browser, newName("Guarded"));
  const { page } = visitor;
  const [urls, tokens] = [[], tokensOf(page)];
  page.on("request", (request) => urls.push(request.url()));
  page.on("websocket", (socket) => urls.push(socket.url()));
  await visitor.makesItself("Warrior");
  await speaks(visitor, "Is anybody listening?");
  assert(tokens.length >= 4, `a log-in and its renewal give four tokens, not ${tokens.length}`);
  assert(
    urls.some((url) => url.startsWith("ws")),
    "no WebSocket was seen",
  );
  for (const token of tokens) assert(!urls.some((url) => url.includes(token)), "a token stands in an address");
  const kept = await page.evaluate(() => ({
    local: JSON.stringify(localStorage),
    session: JSON.stringify(sessionStorage),
    cookies: document.cookie,
  }));
  const isIn = (text) => tokens.some((token) => text.includes(token));
  assert(!isIn(kept.local) && !isIn(kept.cookies), "a token outlives the tab");
  assert(isIn(kept.session), "where tokens are kept is known: with the tab, in sessionStorage");
  visitor.assertNoComplaint();
  console.log("nothing inline runs, and tokens stay with the tab");
});
