// The screen that says why somebody is not in the world, and what can be done.

import { h } from "../dom.js";

/**
 * @param {{ title: string, text: string, help: "retry" | "reload" | "login" }} words
 * @param {{ onRetry: () => void, onCharacters: () => void, onLogIn: () => void }} ways
 */
export function endingScreen({ title, text, help }, { onRetry, onCharacters, onLogIn }) {
  const main = {
    retry: ["Enter again", onRetry],
    reload: ["Reload the page", () => location.reload()],
    login: ["Log in again", onLogIn],
  }[help];
  const first = h("button.primary", { type: "button", onclick: main[1] }, main[0]);
  const others = help === "login" ? [] : [h("button", { type: "button", onclick: onCharacters }, "Characters")];
  const element = h(
    "section.card.ending",
    { role: "alert", "aria-label": title },
    h("h1", {}, title),
    h("p", {}, text),
    h("div.buttons", {}, first, ...others),
  );
  return { element, focus: () => first.focus() };
}
