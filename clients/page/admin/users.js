// Users: found, read, changed, banned, deleted.

import { h, newId } from "../src/dom.js";
import { call } from "./api.js";
import { openForm } from "./dialogs.js";
import { mapName, mapNames } from "./maps.js";
import { askingButton, button, facts, graveButton, link, pages, search, section, seen, table, time } from "./parts.js";

const isMuted = ({ muted_until: until }) => until !== null && new Date(until) > new Date();

const stateOf = (user) =>
  [
    user.is_admin && "administrator",
    user.is_banned && "banned",
    isMuted(user) && "muted",
    !user.is_activated && !user.is_banned && "not activated",
    user.is_online && "online",
  ]
    .filter(Boolean)
    .join(", ");

/** The place where users are found. */
export async function usersPlace({ rest: [text = "", page = "1"], go }) {
  const found = await call("GET", `/users?q=${encodeURIComponent(text)}&page=${page}`);
  const rows = found.data.map((user) => [
    link(`user/${user.id}`, user.username),
    user.display_name,
    user.email,
    stateOf(user),
    seen(user.last_seen_at),
  ]);
  const to = (number) => `users/${encodeURIComponent(text)}/${number}`;
  return section(
    "Users",
    search({ label: "Name, e-mail or id", value: text, onSearch: (wanted) => go(`users/${encodeURIComponent(wanted)}`) }),
    h("p.quiet", {}, `${found.meta.total_count} found.`),
    found.meta.total_count === 0 && h("p", {}, "This search finds accounts only. ", link(`characters/${encodeURIComponent(text)}`, "Search characters instead")),
    table("Users", ["User name", "Display name", "E-mail", "State", "Last seen"], rows),
    pages(found.meta, to),
  );
}

/** The place of one user. */
export async function userPlace({ rest: [id], done }) {
  const [user, logIns, characters, { channels }] = await Promise.all([
    call("GET", `/users/${id}`),
    call("GET", `/users/${id}/log_ins`),
    call("GET", `/users/${id}/characters`),
    call("GET", "/servers"),
  ]);
  const change = (body, news) => done(call("PATCH", `/users/${id}`, body), news);
  return h(
    "div",
    {},
    section(
      user.username,
      facts([
        ["Display name", user.display_name || "–"],
        ["E-mail", user.email || "–"],
        ["State", stateOf(user) || "–"],
        ...(user.is_banned ? [["Banned", banOf(user)]] : []),
        ...(isMuted(user) ? [["Muted", `until ${time(user.muted_until)}`]] : []),
        ["Last seen", seen(user.last_seen_at)],
        ["Id", user.id],
      ]),
      h("div.buttons", {}, roleButton(user, change), kickButton(user, done), muteButton(user, done), banButton(user, done), deleteButton(user, done)),
    ),
    charactersPart(characters, mapNames(channels)),
    logInsPart(logIns, () => done(call("DELETE", `/users/${id}/log_ins`), "All logins ended.")),
    metadataPart(user.metadata, (metadata) => change({ metadata }, "Metadata saved.")),
  );
}

function banButton({ id, username, is_activated: isActivated, is_banned: isBanned }, done) {
  const change = (body) => call("PATCH", `/users/${id}`, body);
  if (!isActivated) return button(isBanned ? "Lift ban" : "Activate", () => done(change({ is_activated: true }), `${username} can log in.`));
  const ask = () =>
    openForm({
      title: `Ban ${username}?`,
      text: "The player is removed from the world now. The next login shows the reason and the end of the ban.",
      yes: "Ban",
      fields: [
        { name: "ban_reason", label: "Reason (optional)" },
        { name: "banned_until", label: "Until (UTC); leave empty for a permanent ban", kind: "time" },
      ],
      save: async (ban) => done(await change({ is_activated: false, ...ban }), `${username} is banned.`),
    });
  return h("button.grave.small", { type: "button", onclick: ask }, "Ban");
}

const banOf = ({ ban_reason: reason, banned_until: until }) =>
  [until ? `until ${time(until)}` : "until an administrator lifts it", reason].filter(Boolean).join(": ");

function kickButton({ id, username, is_online: isOnline }, done) {
  if (!isOnline) return null;
  const text = "The player is removed from the world now and can come back immediately.";
  const kick = () => done(call("POST", `/users/${id}/kick`), `${username} has been kicked.`);
  return askingButton("Kick", { title: `Kick ${username}?`, text, yes: "Kick" }, kick);
}

function muteButton(user, done) {
  const { id, username } = user;
  const change = (until) => call("PATCH", `/users/${id}`, { muted_until: until });
  if (isMuted(user)) return button("Unmute", () => done(change(""), `${username} can chat again.`));
  const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
  const ask = () =>
    openForm({
      title: `Mute ${username}?`,
      text: "Until then, the player can read the chat but cannot write or whisper.",
      yes: "Mute",
      fields: [{ name: "until", label: "Until (UTC)", kind: "time", value: inAnHour, required: true }],
      save: async ({ until = inAnHour }) => done(await change(until), `${username} is muted.`),
    });
  return button("Mute", ask);
}

function roleButton({ username, is_admin: isAdmin }, change) {
  const [text, question, news] = isAdmin
    ? [
        "Remove as administrator",
        { title: `Remove ${username} as administrator?`, text: "The account can no longer open these pages.", yes: "Remove" },
        `${username} is no longer an administrator.`,
      ]
    : [
        "Make administrator",
        {
          title: `Make ${username} an administrator?`,
          text: "The account can then do everything that you can do here, and can remove you as administrator.",
          yes: "Make administrator",
        },
        `${username} is an administrator.`,
      ];
  return askingButton(text, question, () => change({ is_admin: !isAdmin }, news));
}

function deleteButton({ id, username }, done) {
  const question = {
    title: `Delete ${username}?`,
    text: "The account, its characters and everything they own will be deleted. This cannot be undone.",
    yes: "Delete",
    typed: username,
  };
  return graveButton("Delete", question, () => done(call("DELETE", `/users/${id}`), `${username} has been deleted.`, "users"));
}

function charactersPart(characters, maps) {
  const rows = characters.map((one) => [
    link(`character/${one.id}`, one.name),
    one.class_id,
    one.level,
    mapName(maps, one.map_id),
    one.lock_owner,
    one.deletes_at && `will be deleted at ${time(one.deletes_at)}`,
  ]);
  return section("Characters", table("Characters", ["Name", "Class", "Level", "Map", "Lock", ""], rows));
}

function logInsPart(logIns, end) {
  const rows = logIns.map((one) => [time(one.inserted_at), one.ended_at ? time(one.ended_at) : "active"]);
  const text = "The player is removed from the world and must log in again on every device.";
  const question = { title: "End all logins?", text, yes: "End logins" };
  const isAny = logIns.some((one) => !one.ended_at);
  return section(
    "Logins",
    table("Logins", ["Started", "Ended"], rows),
    isAny && h("div.buttons", {}, graveButton("End all", question, end)),
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
      fault.textContent = `This is not valid JSON: ${error.message}`;
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
