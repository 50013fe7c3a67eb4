// Lobbies: made, changed, deleted.

import { h } from "../src/dom.js";
import { call } from "./api.js";
import { openForm } from "./dialogs.js";
import { button, graveButton, link, pages, section, table } from "./parts.js";

/** The place of all lobbies. */
export async function lobbiesPlace({ rest: [page = "1"], done }) {
  const found = await call("GET", `/lobbies?page=${page}`);
  const rows = found.data.map((lobby) => [
    lobby.title,
    lobby.host_id ? link(`user/${lobby.host_id}`, lobby.host_name || "no display name") : "none",
    lobby.max_users,
    [lobby.is_hidden && "hidden", lobby.is_locked && "locked", lobby.is_passworded && "password"].filter(Boolean).join(", "),
    h("div.buttons", {}, button("Edit", () => editLobby(lobby, done)), deleteButton(lobby, done)),
  ]);
  return section(
    "Lobbies",
    table("Lobbies", ["Title", "Host", "Max members", "State", ""], rows),
    pages(found.meta, (number) => `lobbies/${number}`),
    h("div.buttons", {}, button("New lobby", () => makeLobby(done))),
  );
}

function deleteButton({ id, title }, done) {
  const question = { title: `Delete ${title}?`, text: "Its members will be removed from it.", yes: "Delete lobby" };
  return graveButton("Delete", question, () => done(call("DELETE", `/lobbies/${id}`), "Lobby deleted."));
}

const settingsOf = (lobby) => [
  { name: "title", label: "Title", value: lobby.title },
  { name: "max_users", label: "Max members", kind: "number", value: lobby.max_users ?? 8 },
  { name: "slowdown", label: "Seconds between a member's messages", kind: "number", value: lobby.slowdown ?? 0 },
  { name: "is_hidden", label: "Hidden from lists", kind: "flag", value: lobby.is_hidden },
  { name: "is_locked", label: "Locked: no one can join", kind: "flag", value: lobby.is_locked },
  { name: "password", label: lobby.is_passworded ? "New password" : "Password", kind: "password" },
];

function makeLobby(done) {
  openForm({
    title: "New lobby",
    text: "This lobby has no host and stays until you delete it.",
    yes: "Create lobby",
    fields: settingsOf({}),
    save: async (settings) => done(await call("POST", "/lobbies", settings), "Lobby created."),
  });
}

function editLobby(lobby, done) {
  const open = lobby.is_passworded ? [{ name: "open", label: "Remove the password", kind: "flag" }] : [];
  const metadata = { name: "metadata", label: "Metadata", kind: "json", value: lobby.metadata };
  openForm({
    title: `Edit ${lobby.title}`,
    fields: [...settingsOf(lobby), ...open, metadata],
    async save({ open: isOpened, ...changed }) {
      if (isOpened) changed.password = "";
      done(await call("PATCH", `/lobbies/${lobby.id}`, changed), "Lobby saved.");
    },
  });
}
