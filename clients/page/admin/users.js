// Users: found, read, changed, banned, deleted.

import { h, newId } from "../src/dom.js";
import { call } from "./api.js";
import { facts, graveButton, link, pages, search, section, table, time } from "./parts.js";

const stateOf = (user) =>
  [user.is_admin && "administrator", !user.is_activated && "banned", user.is_online && "online"].filter(Boolean).join(", ");

/** The place where users are found. */
export async function usersPlace({ rest: [text = "", page = "1"], go }) {
  const found = await call("GET", `/users?q=${encodeURIComponent(text)}&page=${page}`);
  const rows = found.data.map((user) => [
    link(`user/${user.id}`, user.username),
    user.display_name,
    user.email,
    stateOf(user),
    time(user.last_seen_at),
  ]);
  const to = (number) => `users/${encodeURIComponent(text)}/${number}`;
  return section(
    "Users",
    search({ label: "Name, address or id", value: text, onSearch: (wanted) => go(`users/${encodeURIComponent(wanted)}`) }),
    h("p.quiet", {}, `${found.meta.total_count} found.`),
    table("Users", ["Name", "Called", "Address", "State", "Seen"], rows),
    pages(found.meta, to),
  );
}

/** The place of one user. */
export async function userPlace({ rest: [id], done, go }) {
  const [user, logIns, characters] = await Promise.all([
    call("GET", `/users/${id}`),
    call("GET", `/users/${id}/log_ins`),
    call("GET", `/users/${id}/characters`),
  ]);
  const change = (body, news) => done(call("PATCH", `/users/${id}`, body), news);
  const toggle = (text, body, news) =>
    h("button.small", { type: "button", onclick: () => change(body, news) }, text);
  const buttons = h(
    "div.buttons",
    {},
    user.is_activated
      ? graveButton("Ban", `Ban ${user.username}? It is thrown out at once.`, () => change({ is_activated: false }, "Banned."))
      : toggle("Activate", { is_activated: true }, "Activated."),
    user.is_admin
      ? graveButton("Take administration away", `Is ${user.username} no administrator any more?`, () =>
          change({ is_admin: false }, "No administrator any more."),
        )
      : graveButton("Make administrator", `Make ${user.username} an administrator?`, () =>
          change({ is_admin: true }, "An administrator now."),
        ),
    graveButton("Delete", `Delete ${user.username} with everything?`, () =>
      done(call("DELETE", `/users/${id}`), "Deleted.").then(() => go("users")),
    ),
  );
  return h(
    "div",
    {},
    section(
      user.username,
      facts([
        ["Id", user.id],
        ["Called", user.display_name],
        ["Address", user.email],
        ["State", stateOf(user)],
        ["Lobby", user.lobby_id],
        ["Seen", time(user.last_seen_at)],
      ]),
      buttons,
    ),
    charactersPart(characters),
    logInsPart(logIns, () => done(call("DELETE", `/users/${id}/log_ins`), "Every log-in is ended.")),
    metadataPart(user.metadata, (metadata) => change({ metadata }, "Changed.")),
  );
}

function charactersPart(characters) {
  const rows = characters.map((one) => [
    link(`character/${one.id}`, one.name),
    one.class_id,
    one.level,
    one.map_id || null,
    one.lock_owner,
    one.deletes_at && `deleted at ${time(one.deletes_at)}`,
  ]);
  return section("Characters", table("Characters", ["Name", "Class", "Level", "Map", "Lock", ""], rows));
}

function logInsPart(logIns, end) {
  const rows = logIns.map((one) => [time(one.inserted_at), one.ended_at ? time(one.ended_at) : "lasts", one.id]);
  const isAny = logIns.some((one) => !one.ended_at);
  return section(
    "Log-ins",
    table("Log-ins", ["Began", "Ended", "Id"], rows),
    isAny && h("div.buttons", {}, graveButton("End all", "End every log-in? Its player leaves the world.", end)),
  );
}

function metadataPart(metadata, save) {
  const field = h("textarea", { id: newId("field"), value: JSON.stringify(metadata, null, 2), spellcheck: false });
  const fault = h("p.error", { role: "alert" });
  const onsubmit = (event) => {
    event.preventDefault();
    try {
      save(JSON.parse(field.value));
    } catch (error) {
      fault.textContent = `This is no JSON: ${error.message}`;
    }
  };
  return section(
    "Metadata",
    h(
      "form",
      { onsubmit },
      h("label.hidden-text", { htmlFor: field.id }, "Metadata, as JSON"),
      field,
      fault,
      h("div.buttons", {}, h("button.small", { type: "submit" }, "Save metadata")),
    ),
  );
}
