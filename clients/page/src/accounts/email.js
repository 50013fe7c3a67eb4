// An e-mail address for the account: by it, a forgotten password is replaced.

import { h, setShown, setText } from "../dom.js";
import { Field, Form } from "./form.js";

/** Whether this world can send mails. */
export function sendsMails() {
  return document.querySelector("main").dataset.mails === "yes";
}

/**
 * A form for the address, and what follows.
 * @param {{ api: import("../../../js/src/index.js").Api, logIn: import("./log-in.js").LogIn }} options
 */
export function emailForm({ api, logIn }) {
  const email = new Field({
    label: "E-mail address",
    hint: "Only used for e-mails that you request, such as a password reset.",
    type: "email",
    name: "email",
    autocomplete: "email",
    maxLength: 254,
    required: true,
  });
  const password = new Field({
    label: "Your password",
    type: "password",
    name: "password",
    autocomplete: "current-password",
    maxLength: 256,
    required: true,
  });
  const sent = h("p.notice", { role: "status", hidden: true });
  const form = new Form({
    label: "E-mail address",
    submit: "Send confirmation e-mail",
    fields: { email, current_password: password },
    onSubmit: async () => {
      setShown(sent, false);
      await logIn.with((token) => api.setEmail(token, email.value.trim(), password.value));
      setText(sent, `An e-mail is on its way to ${email.value.trim()}. Open the link in it to confirm the address.`);
      setShown(sent, true);
    },
  });
  return { element: h("div", {}, form.element, sent), focus: () => email.input.focus() };
}

/** The screen on which the account gets an address. */
export function emailScreen({ onDone, ...shared }) {
  const form = emailForm(shared);
  const why = "With an e-mail address you can set a new password if you forget yours.";
  const back = h("button.link", { type: "button", onclick: onDone }, "Back to your characters");
  const screen = h("section.card.gate", { "aria-label": "E-mail address" }, h("h1", {}, "E-mail address"), h("p", {}, why), form.element, back);
  return { element: screen, focus: form.focus };
}
