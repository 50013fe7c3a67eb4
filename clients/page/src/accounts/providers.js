// Log-in by an account at a provider: its page opens in a tab of its own, and this one asks how that stands.

import { ApiError } from "../../../js/src/index.js";
import { h, setShown, setText } from "../dom.js";
import { apiWords } from "../words/errors.js";

const ASK_EVERY_MS = 1_000;
/** How providers are called by people. */
const NAMES = { google: "Google", discord: "Discord", apple: "Apple", facebook: "Facebook", steam: "Steam" };

/**
 * A button for each provider that the server offers; nothing where it offers none.
 * @param {{ api: import("../../../js/src/index.js").Api, verb: string,
 *   begin: (provider: string) => Promise<{ authorization_url: string, session_id: string, code?: string }>,
 *   onProven: (data: any) => Promise<void> | void }} options `onProven` takes what the server says of a flow that is completed.
 */
export function providerButtons({ api, verb, begin, onProven }) {
  const buttons = h("div.providers");
  const status = h("p.quiet.centred", { role: "status" });
  const error = h("p.error", { role: "alert" });
  const element = h("div.form", {}, buttons, status, error);
  setShown(element, false);
  /** A flow that was begun before this one is waited for no more. */
  let latest = 0;

  const start = async (provider) => {
    const own = ++latest;
    setText(error, "");
    status.replaceChildren();
    // Browsers open a tab for a press, not for an answer that comes later.
    const tab = window.open("about:blank");
    if (tab) tab.opener = null;
    try {
      const { authorization_url: url, session_id: session, code } = await begin(provider).catch((refused) => {
        tab?.close();
        throw refused;
      });
      if (tab) tab.location.replace(url);
      const link = h("a", { href: url, target: "_blank", rel: "noopener" }, "Open it here");
      const ends = code ? ` Confirm there only if it shows the code ${code}.` : "";
      status.replaceChildren(`Continue at ${NAMES[provider] ?? provider} in the other tab. `, link, ends);
      const data = await outcome(api, session, () => own === latest && element.isConnected);
      if (data) await onProven(data);
    } catch (refused) {
      if (own !== latest) return;
      status.replaceChildren();
      setText(error, apiWords(refused).text);
    }
  };

  const button = (provider) => h("button", { type: "button", onclick: () => start(provider) }, `${verb} ${NAMES[provider] ?? provider}`);
  api.providers().then(
    (offered) => {
      buttons.replaceChildren(...offered.map(button));
      setShown(element, offered.length > 0);
    },
    () => {}, // Where the community is not served, nobody logs in by it.
  );
  return element;
}

/** What a flow has brought, once it has; null when nobody wants it any more. */
async function outcome(api, session, isWanted) {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    if (!isWanted()) return null;
    const { status, message, data } = await api.signInStatus(session).catch(unlessItPasses);
    if (!isWanted()) return null;
    if (status === "completed") return data;
    if (status === "error" || status === "conflict") throw refusal(data.error, message);
  }
}

/** A phone that sleeps while its player is at the provider hears nothing for a while. */
function unlessItPasses(error) {
  const status = error.problem?.status ?? 0;
  if (error.kind === "Unreachable" || status === 429 || status >= 500) return { status: "pending" };
  throw error;
}

function refusal(code, detail) {
  const problem = { status: 400, code, title: "", detail, errors: {}, retryAfterS: null };
  return new ApiError("Refused", detail, { problem });
}
