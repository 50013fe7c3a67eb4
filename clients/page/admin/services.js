// Lobbies, leaderboards, scripts, servers, and what administrators have done.

import { h } from "../src/dom.js";
import { call } from "./api.js";
import { graveButton, link, pages, section, table, time } from "./parts.js";

/** The place of all lobbies. */
export async function lobbiesPlace({ rest: [page = "1"], done }) {
  const found = await call("GET", `/lobbies?page=${page}`);
  const rows = found.data.map((lobby) => [
    lobby.title,
    lobby.host_id ? link(`user/${lobby.host_id}`, lobby.host_name || lobby.host_id) : "nobody",
    lobby.max_users,
    [lobby.is_hidden && "hidden", lobby.is_locked && "locked", lobby.is_passworded && "password"].filter(Boolean).join(", "),
    lobby.id,
    graveButton("Delete", `Delete the lobby ${lobby.title}?`, () => done(call("DELETE", `/lobbies/${lobby.id}`), "Deleted.")),
  ]);
  return section(
    "Lobbies",
    table("Lobbies", ["Title", "Host", "Places", "State", "Id", ""], rows),
    pages(found.meta, (number) => `lobbies/${number}`),
  );
}

/** The place of all boards. */
export async function boardsPlace({ rest: [page = "1"], done }) {
  const answer = await fetch(`/api/v1/leaderboards?page=${page}`, { cache: "no-store" });
  const found = await answer.json();
  const rows = found.data.map((board) => [
    board.slug,
    board.title,
    time(board.starts_at),
    board.is_active ? "lasts" : time(board.ends_at),
    board.id,
    board.is_active
      ? graveButton("End", `End ${board.title} now?`, () => done(call("POST", `/leaderboards/${board.id}/end`), "Ended."))
      : graveButton("Delete", `Delete ${board.title} with its records?`, () =>
          done(call("DELETE", `/leaderboards/${board.id}`), "Deleted."),
        ),
  ]);
  return section(
    "Leaderboards",
    table("Leaderboards", ["Slug", "Title", "Begins", "Ends", "Id", ""], rows),
    pages(found.meta, (number) => `boards/${number}`),
  );
}

/** The place of scripts. */
export async function scriptsPlace({ done }) {
  const { plugins, failures, schedules } = await call("GET", "/hooks");
  const reload = () => done(call("POST", "/hooks/reload"), "Loaded.");
  const ofPlugin = (plugin) => [
    plugin.name,
    plugin.fault ? h("span.error", {}, plugin.fault) : "runs",
    plugin.functions.map((one) => one.signature).join(", "),
  ];
  return h(
    "div",
    {},
    section(
      "Scripts",
      table("Scripts", ["Plugin", "State", "Functions"], plugins.map(ofPlugin)),
      h("div.buttons", {}, h("button.small", { type: "button", onclick: reload }, "Load changes now")),
    ),
    section(
      "Schedules",
      table(
        "Schedules",
        ["Plugin", "Function", "When", "Last", "Next"],
        schedules.map((one) => [one.plugin, one.function, one.cron, time(one.last_at), time(one.next_at)]),
      ),
    ),
    section(
      "Failures at this server",
      table(
        "Failures",
        ["When", "Plugin", "Function", "Error", "Reference"],
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
    one.linked ? "linked" : "no link",
  ];
  const ofChannel = (one) => [one.map_name ?? one.map_id, one.channel, one.server_name, one.players, one.is_full ? "full" : ""];
  return h(
    "div",
    {},
    section("Map servers", table("Map servers", ["Name", "Address", "Maps", "Players", "Load", "State"], servers.map(ofServer))),
    section("Channels", table("Channels", ["Map", "Channel", "Server", "Players", ""], channels.map(ofChannel))),
  );
}

/** The place of what administrators have done. */
export async function actsPlace({ rest: [page = "1"] }) {
  const found = await call("GET", `/acts?page=${page}`);
  const rows = found.data.map((act) => [
    time(act.inserted_at),
    link(`user/${act.user_id}`, act.username || act.user_id),
    `${act.method} ${act.path.replace(/^\/admin/, "")}`,
    act.body && h("pre", {}, act.body),
    act.status || "unknown",
  ]);
  return section(
    "What administrators have done",
    table("Acts", ["When", "Who", "What", "With", "Answer"], rows),
    pages(found.meta, (number) => `acts/${number}`),
  );
}
