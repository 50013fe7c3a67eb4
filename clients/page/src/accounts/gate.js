// Log in, or make an account.

import { h, setAttribute, setShown } from "../dom.js";
import { Field, Form } from "./form.js";

/** What the logo says. */
const DRAWN_NAME = "Realmgate";

/**
 * The screen on which an account is shown or made.
 * @param {{ logIn: import("./log-in.js").LogIn, assets: import("../assets.js").Assets, realm: string, notice?: string,
 *   onDone: () => void }} options
 */
export function gateScreen({ logIn, assets, realm, notice = "", onDone }) {
  const login = accountForm({
    label: "Log in",
    submit: "Log in",
    passwordHint: "",
    autocomplete: "current-password",
    onSubmit: (username, password) => logIn.begin(username, password).then(onDone),
  });
  const register = accountForm({
    label: "Make an account",
    submit: "Make the account",
    autocomplete: "new-password",
    usernameHint: "3 to 64 letters, digits, _ or -. Nobody else sees it.",
    passwordHint: "At least 8 characters.",
    onSubmit: (username, password) => logIn.register(username, password).then(onDone),
  });
  const { tabs, panels } = tabbed([
    ["Log in", login.form.element],
    ["New here?", register.form.element],
  ]);
  const screen = h(
    "section.card.gate",
    { "aria-label": "Account" },
    titleOf(realm, assets),
    tabs,
    ...panels,
    h("p.quiet.centred", {}, h("a", { href: "/" }, "About this world")),
  );
  if (notice) screen.querySelector("h1").after(h("p.notice", { role: "status" }, notice));
  return { element: screen, focus: () => login.username.input.focus() };
}

/** The world's name: painted where it is the one that the logo says. */
function titleOf(realm, assets) {
  const address = realm === DRAWN_NAME && assets.url("pictures/ui/logo.png");
  if (!address) return h("h1.title", {}, realm);
  return h("h1.title", {}, h("img.logo", { src: address, alt: realm, crossOrigin: "anonymous" }));
}

function accountForm({ label, submit, usernameHint = "", passwordHint, autocomplete, onSubmit }) {
  const username = new Field({
    label: "User name",
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
    onSubmit: async () => {
      if (username.value === "") return missing(username, "Type your user name.");
      if (password.value === "") return missing(password, "Type your password.");
      await onSubmit(username.value, password.value);
    },
  });
  return { form, username };
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
