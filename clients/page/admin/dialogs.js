// Questions and forms over the page.

import { h, newId } from "../src/dom.js";
import { Dialog } from "../src/panels/dialog.js";

/**
 * Asks before something is done that cannot be undone. Answers whether to do it.
 * @param {{ title: string, text: string, yes: string, typed?: string }} question `typed` is what has to be typed first.
 * @returns {Promise<boolean>}
 */
export function confirmed({ title, text, yes, typed = "" }) {
  return new Promise((resolve) => {
    let answer = false;
    const input = h("input", { id: newId("field"), type: "text", autocomplete: "off", spellcheck: false, "data-first": "" });
    const accept = h("button.grave", { type: "submit", disabled: typed !== "" }, yes);
    const refuse = h("button", { type: "button", onclick: () => dialog.close(), "data-first": "" }, "Cancel");
    input.addEventListener("input", () => (accept.disabled = input.value.trim() !== typed));
    const onsubmit = (event) => {
      event.preventDefault();
      answer = true;
      dialog.close();
    };
    const proof = typed && h("div.field", {}, h("label", { htmlFor: input.id }, `Type ${typed} to confirm`), input);
    const form = h("form", { onsubmit }, h("p", {}, text), proof || null, h("div.buttons", {}, accept, refuse));
    const dialog = new Dialog({ title, content: [form], onClose: () => resolve(answer) });
    dialog.open();
  });
}

/**
 * A field of a form.
 * @typedef {object} Field
 * @property {string} name As the call has it.
 * @property {string} label
 * @property {"text" | "long" | "password" | "number" | "flag" | "time" | "choice" | "json"} [kind]
 * @property {any} [value] What it is now, as an answer has it.
 * @property {boolean} [required]
 * @property {[string, string][]} [choices] Values and their words.
 */

/**
 * Opens a form. It stays open while `save` fails, and shows why.
 * @param {{ title: string, yes?: string, text?: string, fields: Field[], save: (changed: object) => Promise<void> }} options
 *   `save` gets the fields that differ from what they were.
 */
export function openForm({ title, yes = "Save", text, fields, save }) {
  const fault = h("p.error", { role: "alert" });
  const controls = fields.map(control);
  const onsubmit = async (event) => {
    event.preventDefault();
    fault.textContent = "";
    try {
      await save(Object.assign({}, ...controls.map(({ changed }) => changed())));
      dialog.close();
    } catch (error) {
      fault.textContent = error.message;
    }
  };
  const cancel = h("button", { type: "button", onclick: () => dialog.close() }, "Cancel");
  const buttons = h("div.buttons", {}, h("button.primary", { type: "submit" }, yes), cancel);
  const rows = controls.map(({ element }) => element);
  const dialog = new Dialog({
    title,
    content: [h("form", { onsubmit }, text ? h("p.quiet", {}, text) : null, ...rows, fault, buttons)],
  });
  dialog.open();
}

/** The element of a field, and what has changed in it. */
function control({ name, label, kind = "text", value, required = false, choices }) {
  const { input, read } = KINDS[kind]({ value, choices, label });
  const before = input.type === "checkbox" ? input.checked : input.value;
  const isSame = () => (input.type === "checkbox" ? input.checked : input.value) === before;
  input.id = newId("field");
  input.required = required;
  const changed = () => (isSame() ? {} : { [name]: read() });
  const labelled = h("label", { htmlFor: input.id }, label);
  const element = kind === "flag" ? h("div.flag", {}, input, labelled) : h("div.field", {}, labelled, input);
  return { element, changed };
}

/** How each kind of field is shown and read. */
const KINDS = {
  text: ({ value = "" }) => plain(h("input", { type: "text", value, autocomplete: "off" })),
  long: ({ value = "" }) => plain(h("textarea", { value })),
  password: () => plain(h("input", { type: "password", autocomplete: "new-password" })),
  choice({ value, choices }) {
    const option = ([of, words]) => h("option", { value: of, selected: of === value }, words);
    return plain(h("select", {}, ...choices.map(option)));
  },
  number({ value = "" }) {
    const input = h("input", { type: "number", value, step: 1 });
    return { input, read: () => Number(input.value) };
  },
  flag({ value = false }) {
    const input = h("input", { type: "checkbox", checked: value });
    return { input, read: () => input.checked };
  },
  time({ value }) {
    // The page shows all times in UTC.
    const input = h("input", { type: "datetime-local", value: value ? value.slice(0, 16) : "" });
    return { input, read: () => (input.value ? `${input.value}:00Z` : null) };
  },
  json({ value = {}, label }) {
    const input = h("textarea", { value: JSON.stringify(value, null, 2), spellcheck: false });
    return { input, read: () => parsed(input.value, label) };
  },
};

const plain = (input) => ({ input, read: () => input.value });

function parsed(text, label) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${label} is not valid JSON: ${error.message}`, { cause: error });
  }
}
