// The settings of the sidecar that answers.

import { h } from "../src/dom.js";
import { call } from "./api.js";
import { section, table } from "./parts.js";

const ORIGINS = { environment: "environment", command_line: "command line", default: "default" };

/** The place of the settings in force. */
export async function settingsPlace() {
  const settings = await call("GET", "/settings");
  return section(
    "Current settings",
    h("p.quiet", {}, "The settings of this server process. Secrets are hidden: the page only shows whether they are set."),
    table("Settings", ["Name", "Value", "Source", "Description"], settings.map(line)),
  );
}

const line = (setting) => [
  h("code.whole", {}, setting.name),
  value(setting),
  h("span.whole", {}, ORIGINS[setting.origin] ?? setting.origin),
  setting.help,
];

function value({ value: text, is_secret: isSecret, is_set: isSet }) {
  if (isSecret) return h("i", {}, isSet ? "hidden" : "not set");
  return text === null ? "–" : h("code", {}, text);
}
