// The screen that asks for the service token.

import { Field, Form } from "../accounts/form.js";
import { h } from "../dom.js";

/** @param {{ onToken: (token: string) => Promise<void> }} options Rejects with an `ApiError` for a wrong token. */
export function tokenScreen({ onToken }) {
  const token = new Field({
    label: "Service token",
    hint: "SERVICE_TOKEN of this world's servers. The page forgets it when you close this window.",
    type: "password",
    name: "token",
    autocomplete: "off",
    spellcheck: false,
    autocapitalize: "none",
    required: true,
  });
  const form = new Form({
    label: "Watch",
    submit: "Show the channels",
    fields: { token },
    onSubmit: async () => {
      const given = token.value.trim();
      if (given !== "") return onToken(given);
      token.say("Enter the service token.");
      return token.input.focus();
    },
  });
  const element = h(
    "section.card.gate",
    { "aria-label": "Watch" },
    h("h1", {}, "Watch a channel"),
    h("p.quiet.watch-about", {}, "For operators and designers: see a map as players see it, without a character."),
    form.element,
    h("p.quiet.centred", {}, h("a", { href: "/play" }, "Back to the game")),
  );
  return { element, focus: () => token.input.focus() };
}
