// The account's characters: choose one, delete one, bring one back.

import { drawPortrait, h, setText } from "../dom.js";
import { apiWords } from "../words/errors.js";
import { confirmed } from "../panels/dialog.js";
import { sendsMails } from "./email.js";

/** How many characters an account can have. */
const MOST = 8;

/**
 * The screen on which a character is chosen.
 * @param {{ api: import("../../../js/src/index.js").Api, logIn: import("./log-in.js").LogIn, classes: any[],
 *   assets: import("../assets.js").Assets, characters: any[], social: import("../social/panel.js").SocialPanel, onEnter: (character: any) => void, onMake: () => void,
 *   onChanged: () => void, onKeep: () => void, onEmail: () => void, onLogOut: () => void }} options
 */
export function charactersScreen(options) {
  const { logIn, characters, social, onMake, onKeep, onEmail, onLogOut } = options;
  const error = h("p.error", { role: "alert" });
  const cards = characters.map((character) => card(character, { ...options, error }));
  const empty = h(
    "li.slot-card.empty",
    {},
    h(
      "button.make",
      { type: "button", onclick: onMake },
      h("span.plus", { "aria-hidden": "true" }, "+"),
      "New character",
    ),
  );
  const list = h("ul.characters", { "aria-label": "Characters" }, ...cards, characters.length < MOST && empty);
  const screen = h(
    "section.card.choose",
    { "aria-label": "Characters" },
    h(
      "header.bar",
      {},
      h("h1", {}, "Who will you be?"),
      h(
        "div.row",
        {},
        h("span.quiet", {}, logIn.username),
        logIn.isGuest && h("button", { type: "button", onclick: onKeep }, "Keep this account"),
        !logIn.isGuest && sendsMails() && h("button", { type: "button", onclick: onEmail }, "E-mail address"),
        h("button", { type: "button", onclick: onLogOut }, "Log out"),
      ),
    ),
    error,
    list,
    social.element,
  );
  const first = screen.querySelector(".enter") ?? screen.querySelector(".make");
  return { element: screen, focus: () => first?.focus() };
}

function card(character, { api, logIn, classes, assets, onEnter, onChanged, error }) {
  const { name, level, class_name: className, deletes_at_ms: deletesAtMs } = character;
  const change = async (ask) => {
    try {
      await logIn.with(ask);
      await onChanged();
    } catch (refused) {
      setText(error, apiWords(refused).text);
    }
  };
  const remove = async () => {
    const isSure = await confirmed({
      title: `Delete ${name}?`,
      text: `You can restore ${name} for some time, which the list shows. After that, ${name} and all belongings are deleted for good.`,
      yes: "Delete",
      isGrave: true,
    });
    if (isSure) await change((token) => api.deleteCharacter(token, character.id));
  };
  const restore = () => change((token) => api.restoreCharacter(token, character.id));
  const words = h("div.who", {}, h("h2", {}, name), h("p.quiet", {}, `Level ${level} ${className}`));
  const buttons =
    deletesAtMs === null
      ? [
          h(
            "button.primary.enter",
            { type: "button", onclick: () => onEnter(character), "aria-label": `Enter the world as ${name}` },
            "Enter the world",
          ),
          h("button.link", { type: "button", onclick: remove, "aria-label": `Delete ${name}` }, "Delete"),
        ]
      : [
          h("p.warning", {}, `Will be deleted ${goneIn(deletesAtMs)}`),
          h("button", { type: "button", onclick: restore, "aria-label": `Restore ${name}` }, "Restore"),
        ];
  return h(
    `li.slot-card${deletesAtMs === null ? "" : ".fading"}`,
    {},
    portrait(assets, classOf(classes, className)),
    words,
    h("div.actions", {}, ...buttons),
  );
}

/** The class of a name; undefined for one that is not played any more. */
function classOf(classes, name) {
  return classes.find((of) => of.name === name);
}

/** How a class looks. */
export function portrait(assets, of, size = 48) {
  const canvas = h("canvas.portrait", { width: size, height: size, "aria-hidden": "true" });
  const known = assets.url(`pictures/characters/${of?.id}.png`) ? of.id : "adventurer";
  drawPortrait(canvas, assets, `pictures/characters/${known}.png`);
  return canvas;
}

function goneIn(atMs) {
  const hours = Math.max(0, Math.round((atMs - Date.now()) / 3_600_000));
  if (hours === 0) return "within the hour";
  return hours === 1 ? "in an hour" : `in ${hours} hours`;
}
