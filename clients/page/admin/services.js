// Scripts and servers.

import { h } from "../src/dom.js";
import { call } from "./api.js";
import { button, section, table, time } from "./parts.js";

/** The place of scripts. */
export async function scriptsPlace({ done }) {
  const { plugins, failures, schedules } = await call("GET", "/hooks");
  const reload = () => done(call("POST", "/hooks/reload"), "Changed scripts reloaded.");
  const ofPlugin = (plugin) => [
    plugin.name,
    plugin.fault ? h("span.error", {}, plugin.fault) : "running",
    plugin.functions.map((one) => one.signature).join(", "),
  ];
  return h(
    "div",
    {},
    section(
      "Scripts",
      table("Scripts", ["Plugin", "State", "Functions"], plugins.map(ofPlugin)),
      h("div.buttons", {}, button("Reload changed scripts", reload)),
    ),
    section(
      "Schedules",
      table(
        "Schedules",
        ["Plugin", "Function", "Schedule", "Last run", "Next run"],
        schedules.map((one) => [one.plugin, one.function, one.cron, time(one.last_at), time(one.next_at)]),
      ),
    ),
    section(
      "Failures on this server",
      table(
        "Failures",
        ["Time", "Plugin", "Function", "Error", "Reference"],
        failures.map((one) => [time(one.inserted_at), one.plugin, one.function, one.error, one.reference]),
      ),
    ),
  );
}

/** The place of map servers and channels. */
export async function serversPlace() {
  const { servers, channels } = await call("GET", "/servers");
  const ofServer = (one) => [
    one.name,
    `${one.ip}:${one.port}`,
    one.supported_maps.join(", "),
    `${one.current_players} of ${one.max_players}`,
    one.load.toFixed(2),
    one.linked ? "connected" : "not connected",
  ];
  const ofChannel = (one) => [one.map_name ?? one.map_id, one.channel, one.server_name, one.players, one.is_full ? "full" : ""];
  return h(
    "div",
    {},
    section("Map servers", table("Map servers", ["Name", "Address", "Maps", "Players", "Load", "State"], servers.map(ofServer))),
    section("Channels", table("Channels", ["Map", "Channel", "Server", "Players", ""], channels.map(ofChannel))),
  );
}
