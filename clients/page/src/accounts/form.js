// Fields of forms, with their errors beside them.

import { h, newId, setAttribute, setText } from "../dom.js";
import { apiWords } from "../words/errors.js";

/** A labelled field with a line for what is wrong with it. */
export class Field {
  /** @param {{ label: string, hint?: string } & Record<string, any>} what The rest are properties of the input. */
  constructor({ label, hint = "", ...input }) {
    const id = newId("field");
    this.input = h("input", { id, "aria-describedby": `${id}-hint ${id}-error`, ...input });
    this.error = h("p.error", { id: `${id}-error`, role: "alert" });
    const note = h("p.hint", { id: `${id}-hint` }, hint);
    this.element = h("div.field", {}, h("label", { htmlFor: id }, label), this.input, note, this.error);
    this.input.addEventListener("input", () => this.say(""));
  }

  get value() {
    return this.input.value;
  }

  /** Says what is wrong; nothing with an empty text. */
  say(text) {
    setText(this.error, text);
    setAttribute(this.input, "aria-invalid", text ? "true" : null);
  }
}

/** A form that asks the server, and shows what it refuses. */
export class Form {
  #fields;
  #submit;

  /**
   * @param {{ fields: Record<string, Field>, submit: string, label: string, onSubmit: () => Promise<void>,
   *   between?: Node[], isMain?: boolean }} what Fields by the name that the server knows them by.
   */
  constructor({ fields, submit, label, onSubmit, between = [], isMain = true }) {
    this.#fields = fields;
    this.#submit = h(`button.wide${isMain ? ".primary" : ""}`, { type: "submit" }, submit);
    this.error = h("p.error", { role: "alert" });
    const parts = Object.values(fields).map(({ element }) => element);
    const onsubmit = (event) => (event.preventDefault(), this.#send(onSubmit));
    this.element = h(
      "form.form",
      { "aria-label": label, noValidate: true, onsubmit },
      ...parts,
      ...between,
      this.error,
      this.#submit,
    );
  }

  async #send(onSubmit) {
    if (this.#submit.disabled) return;
    this.#submit.disabled = true;
    this.clear();
    try {
      await onSubmit();
    } catch (error) {
      this.#show(error);
    } finally {
      this.#submit.disabled = false;
    }
  }

  /** Puts the keyboard on the button that sends it. */
  focus() {
    this.#submit.focus();
  }

  clear() {
    setText(this.error, "");
    for (const field of Object.values(this.#fields)) field.say("");
  }

  #show(error) {
    const { text, fields } = apiWords(error);
    const rest = Object.keys(fields)
      .filter((name) => !this.#fields[name])
      .map((name) => fields[name]);
    setText(this.error, [text, ...rest].filter(Boolean).join(" "));
    for (const [name, field] of Object.entries(this.#fields)) field.say(fields[name] ?? "");
    const wrong = Object.keys(this.#fields).find((name) => fields[name]);
    if (wrong) this.#fields[wrong].input.focus();
  }
}
