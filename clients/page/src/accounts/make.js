// Making a character: a class, and a name.

import { h, newId } from "../dom.js";
import { portrait } from "./characters.js";
import { Field, Form } from "./form.js";

/**
 * The screen on which a character is made.
 * @param {{ api: import("../../../js/src/index.js").Api, logIn: import("./log-in.js").LogIn, classes: any[],
 *   assets: import("../assets.js").Assets, social: import("../social/panel.js").SocialPanel, onMade: (character: any) => void,
 *   onBack: () => void, backWord: string }} options
 */
export function makeScreen({ api, logIn, classes, assets, social, onMade, onBack, backWord }) {
  const group = newId("class");
  const choices = classes.map((of, index) => classChoice(of, { group, isChosen: index === 0, assets }));
  const chosen = () => choices.find(({ input }) => input.checked).input.value;
  const name = new Field({
    label: "Name",
    hint: "3 to 24 letters and digits; single spaces, ' and - are allowed. Everyone sees it.",
    maxLength: 24,
    autocomplete: "off",
    spellcheck: false,
    required: true,
  });
  const form = new Form({
    label: "New character",
    submit: "Create character",
    fields: { name },
    onSubmit: async () => {
      if (name.value.trim() === "") {
        name.say("Give your character a name.");
        name.input.focus();
        return;
      }
      onMade(await logIn.with((token) => api.createCharacter(token, name.value.trim(), chosen())));
    },
  });
  const fieldset = h("fieldset.classes", {}, h("legend", {}, "Class"), ...choices.map(({ element }) => element));
  form.element.prepend(fieldset);
  const screen = h(
    "section.card.choose",
    { "aria-label": "New character" },
    h("header.bar", {}, h("h1", {}, "A new character"), h("button", { type: "button", onclick: onBack }, backWord)),
    form.element,
    social.element,
  );
  return { element: screen, focus: () => choices[0]?.input.focus() };
}

function classChoice(of, { group, isChosen, assets }) {
  const id = newId("choice");
  const input = h("input", {
    type: "radio",
    name: group,
    value: of.id,
    checked: isChosen,
    id,
    "aria-describedby": `${id}-about`,
  });
  const element = h(
    "div.class-choice",
    {},
    input,
    h(
      "label",
      { htmlFor: id },
      portrait(assets, of),
      h("span.class-name", {}, of.name),
      h("span.class-about", { id: `${id}-about` }, of.description),
    ),
  );
  return { input, element };
}
