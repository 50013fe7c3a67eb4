// How loud the groups are, and whether anything is played: on the first screen and in the settings.

import { h, newId, setText } from "../dom.js";
import { GROUPS } from "./score.js";

/** How loud a group can be, and what that is called. */
const VOLUMES = [
  [0, "Off"],
  [0.25, "25 %"],
  [0.5, "50 %"],
  [0.75, "75 %"],
  [1, "100 %"],
];

/** A button that mutes everything. */
export function muteButton(settings) {
  const word = () => (settings.get("muted") ? "Sound is off" : "Sound is on");
  const onclick = () => (settings.set("muted", !settings.get("muted")), setText(button, word()));
  const button = h("button.link", { type: "button", onclick }, word());
  return button;
}

/** The settings of sound. `signal` ends what they listen for. */
export function soundSettings(settings, signal) {
  const id = newId("setting");
  const mute = h("input", { type: "checkbox", id, onchange: () => settings.set("muted", mute.checked) });
  const show = () => (mute.checked = settings.get("muted"));
  settings.addEventListener("change", show, { signal });
  show();
  const rows = Object.entries(GROUPS).map(([group, word]) => volumeRow(settings, `volume_${group}`, word));
  const muteRow = h("div.setting", {}, mute, h("label", { htmlFor: id }, "Mute all sounds"));
  return h("fieldset", {}, h("legend", {}, "Sound"), h("div.setting-rows", {}, muteRow, ...rows));
}

function volumeRow(settings, name, word) {
  const id = newId("setting");
  const options = VOLUMES.map(([value, text]) => h("option", { value: String(value), selected: value === settings.get(name) }, text));
  const select = h("select", { id, onchange: () => settings.set(name, Number(select.value)) }, ...options);
  return h("div.setting", {}, h("label", { htmlFor: id }, word), select);
}
