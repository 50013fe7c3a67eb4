// Log in, or make an account.

import { h, setAttribute, setShown } from "../dom.js";
import { sendsMails } from "./email.js";
import { Field, Form } from "./form.js";
import { providerButtons } from "./providers.js";
import { muteButton } from "../sound/switches.js";

/**
 * The screen on which an account is shown or made.
 * @param {{ api: import("../../../js/src/index.js").Api, logIn: import("./log-in.js").LogIn,
 *   assets: import("../assets.js").Assets, settings: import("../settings.js").Settings, realm: string,
 *   visit?: ReturnType<typeof import("./visit.js").lastVisit>, notice?: string, onDone: () => void }} options
 *   `visit` is the last visit with this browser.
 */
export function gateScreen({ api, logIn, assets, settings, realm, visit = null, notice = "", onDone }) {
  const login = accountForm({
    label: "Log in",
    submit: "Log in",
    usernameLabel: "User name or e-mail",
    passwordHint: "",
    autocomplete: "current-password",
    // Beside "Play now".
    isMain: false,
    onSubmit: (username, password) => logIn.begin(username, password).then(onDone),
  });
  const register = accountForm({
    label: "Create an account",
    submit: "Create account",
    autocomplete: "new-password",
    usernameHint: "3 to 64 letters a to z, digits, _ - . @ or +. Others can see it.",
    passwordHint: "At least 8 characters.",
    isMain: false,
    onSubmit: (username, password) => logIn.register(username, password).then(onDone),
  });
  const isKnownGuest = visit?.username === null;
  const playWord = isKnownGuest ? "Play" : "Play now";
  const guest = new Form({
    label: playWord,
    submit: playWord,
    fields: {},
    between: [h("p.quiet.centred", {}, "Play as a guest. This browser remembers you.")],
    onSubmit: () => logIn.beginAsGuest().then(onDone),
  });
  const providers = providerButtons({
    api,
    verb: "Sign in with",
    begin: (provider) => api.beginSignIn(provider, undefined, { browser: true }),
    onProven: (tokens) => logIn.beginProven(tokens).then(onDone),
  });
  const { tabs, panels } = tabbed([
    ["Log in", login.form.element],
    ["New here?", register.form.element],
  ]);
  const screen = h(
    "section.card.gate",
    { "aria-label": "Account" },
    titleOf(realm, assets),
    guest.element,
    providers,
    h("p.or", {}, "or with an account"),
    tabs,
    ...panels,
    h(
      "p.quiet.centred",
      {},
      ...(sendsMails() ? [h("a", { href: "/account/forgot" }, "Forgot your password?"), " · "] : []),
      h("a", { href: "/" }, "About this world"),
    ),
    h("p.centred", {}, muteButton(settings)),
  );
  if (visit) screen.querySelector("h1").after(h("p.welcome", {}, `Welcome back, ${visit.character}.`));
  if (notice) screen.querySelector("h1").after(h("p.notice", { role: "status" }, notice));
  if (visit?.username) login.username.input.value = visit.username;
  return { element: screen, focus: () => (visit?.username ? login.password.input : guest).focus() };
}

/**
 * The screen on which a guest's account gets a name and a password, or a provider that opens it.
 * @param {{ api: import("../../../js/src/index.js").Api, logIn: import("./log-in.js").LogIn, onDone: () => void,
 *   onKept?: () => void }} options `onKept` is called once the account has a password.
 */
export function keepScreen({ api, logIn, onDone, onKept = onDone }) {
  const { form, username } = accountForm({
    label: "Keep this account",
    submit: "Keep it",
    autocomplete: "new-password",
    usernameHint: "3 to 32 lower-case letters and digits; single . _ - between them. Others can see it.",
    passwordHint: "8 to 72 characters. Then you can log in anywhere.",
    onSubmit: (name, password) => logIn.keep(name, password).then(onKept),
  });
  const providers = providerButtons({
    api,
    verb: "Keep it with",
    begin: (provider) => logIn.withFresh((token) => api.beginSignIn(provider, token, { browser: true })),
    onProven: () => (logIn.isKept(), onDone()),
  });
  const back = h("button.link", { type: "button", onclick: onDone }, "Back");
  const screen = h("section.card.gate", { "aria-label": "Keep this account" }, h("h1", {}, "Keep this account"), form.element, providers, back);
  return { element: screen, focus: () => username.input.focus() };
}

/** The world's name: painted where it is the one that the logo says, and below a logo that says none. */
function titleOf(realm, assets) {
  const says = assets.logoSays;
  const src = (says === realm || says === "") && assets.url("pictures/ui/logo.png");
  return h("h1.title", {}, src && h("img.logo", { src, alt: says, crossOrigin: "anonymous" }), says !== realm || !src ? realm : null);
}

function accountForm({
  label,
  submit,
  usernameLabel = "User name",
  usernameHint = "",
  passwordHint,
  autocomplete,
  isMain = true,
  onSubmit,
}) {
  const username = new Field({
    label: usernameLabel,
    hint: usernameHint,
    autocomplete: "username",
    name: "username",
    maxLength: 64,
    required: true,
    autocapitalize: "none",
    spellcheck: false,
  });
  const password = new Field({
    label: "Password",
    hint: passwordHint,
    type: "password",
    name: "password",
    autocomplete,
    maxLength: 256,
    required: true,
  });
  const form = new Form({
    label,
    submit,
    fields: { username, password },
    isMain,
    onSubmit: async () => {
      if (username.value === "") return missing(username, "Enter your user name.");
      if (password.value === "") return missing(password, "Enter your password.");
      await onSubmit(username.value, password.value);
    },
  });
  return { form, username, password };
}

function missing(field, text) {
  field.say(text);
  field.input.focus();
}

/** Tabs with their panels, by the keyboard too: arrows choose. */
function tabbed(entries) {
  const panels = entries.map(([, content], index) =>
    h("div", { role: "tabpanel", id: `gate-panel-${index}`, "aria-labelledby": `gate-tab-${index}` }, content),
  );
  const tabs = entries.map(([name], index) =>
    h(
      "button.tab",
      {
        type: "button",
        role: "tab",
        id: `gate-tab-${index}`,
        "aria-controls": `gate-panel-${index}`,
        onclick: () => choose(index),
      },
      name,
    ),
  );
  const choose = (chosen) =>
    tabs.forEach((tab, index) => {
      setAttribute(tab, "aria-selected", String(index === chosen));
      tab.tabIndex = index === chosen ? 0 : -1;
      setShown(panels[index], index === chosen);
    });
  const onkeydown = ({ key }) => {
    if (key !== "ArrowLeft" && key !== "ArrowRight") return;
    const next = (tabs.indexOf(document.activeElement) + 1) % tabs.length;
    choose(next);
    tabs[next].focus();
  };
  choose(0);
  return { tabs: h("div.tabs", { role: "tablist", "aria-label": "Account", onkeydown }, ...tabs), panels };
}
