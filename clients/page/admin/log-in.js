// The log-in of an administrator: by name or address and password, or by a provider.

import { h, newId } from "../src/dom.js";
import { beginAt, logIn, outcomeOf, providers } from "./api.js";

const LOOK_EVERY_MS = 1_000;

/**
 * The form.
 * @param {{ onDone: (username: string) => void }} options
 */
export function logInPlace({ onDone }) {
  const field = (type, autocomplete) => h("input", { id: newId("field"), type, autocomplete, required: true });
  const [name, password] = [field("text", "username"), field("password", "current-password")];
  const code = h("input", { id: newId("field"), type: "text", autocomplete: "off", spellcheck: false });
  const fault = h("p.error", { role: "alert" });
  const attempt = async (work) => {
    fault.textContent = "";
    try {
      onDone((await work()).username);
    } catch (error) {
      const isNone = error.message === "forbidden";
      fault.textContent = isNone ? "This account is not an administrator." : error.message;
      if (isNone) first.hidden = false;
    }
  };
  const onsubmit = (event) => {
    event.preventDefault();
    attempt(() => logIn({ email: name.value, password: password.value, ...codeGiven() }));
  };
  const labelled = (text, input) => h("div.field", {}, h("label", { htmlFor: input.id }, text), input);
  const codeGiven = () => (code.value.trim() ? { code: code.value.trim() } : {});
  const first = labelled("Code from the server's first start (only while the realm has no administrator)", code);
  first.hidden = true;
  const others = h("div.buttons", {});
  showProviders(others, (provider) => attempt(() => byProvider(provider, codeGiven())));
  return h(
    "form.card.log-in",
    { onsubmit, "aria-label": "Log in" },
    h("h2", {}, "Log in"),
    labelled("User name or e-mail", name),
    labelled("Password", password),
    first,
    fault,
    h("button.primary.wide", { type: "submit" }, "Log in"),
    others,
  );
}

async function showProviders(into, begin) {
  const { data } = await providers().catch(() => ({ data: [] }));
  into.replaceChildren(
    ...data.map((provider) =>
      h("button.small", { type: "button", onclick: () => begin(provider) }, `Log in with ${titled(provider)}`),
    ),
  );
}

const titled = (provider) => provider[0].toUpperCase() + provider.slice(1);

/** The provider's page opens beside this one, which looks until it is done there. */
async function byProvider(provider, code) {
  const beside = open("about:blank", "_blank");
  // The provider's page must not lead this one elsewhere.
  if (beside) beside.opener = null;
  const { authorization_url: address, session_id: session } = await beginAt(provider);
  if (beside) beside.location.replace(address);
  for (;;) {
    const { status, data, message } = await outcomeOf(session);
    if (status === "completed") return logIn({ refresh_token: data.refresh_token, ...code });
    if (status !== "pending") throw new Error(message || "Login failed");
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
