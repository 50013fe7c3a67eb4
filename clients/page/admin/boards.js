// Leaderboards and their scores: made, changed, ended, deleted.

import { h } from "../src/dom.js";
import { call } from "./api.js";
import { openForm } from "./dialogs.js";
import { button, facts, graveButton, link, pages, section, table, time } from "./parts.js";

const ORDERS = [
  ["desc", "Highest score first"],
  ["asc", "Lowest score first"],
];
const OPERATORS = [
  ["best", "Keep the best score"],
  ["set", "Keep the latest score"],
  ["incr", "Add scores up"],
  ["decr", "Subtract scores"],
];
const wordsOf = (choices, value) => choices.find(([of]) => of === value)?.[1] ?? value;

async function read(path) {
  const answer = await fetch(`/api/v1/leaderboards${path}`, { cache: "no-store" });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.message ?? said.error ?? `The server answered with status ${answer.status}`);
  return said;
}

/** The place of all boards. */
export async function boardsPlace({ rest: [page = "1"], done }) {
  const found = await read(`?page=${page}`);
  const rows = found.data.map((board) => [
    link(`board/${board.id}`, board.title),
    board.slug,
    time(board.starts_at),
    time(board.ends_at),
    board.is_active ? "active" : "ended",
  ]);
  return section(
    "Leaderboards",
    table("Leaderboards", ["Title", "Slug", "Starts", "Ends", "State"], rows),
    pages(found.meta, (number) => `boards/${number}`),
    h("div.buttons", {}, button("New leaderboard", () => makeBoard(done))),
  );
}

/** The place of one board and its scores. */
export async function boardPlace({ rest: [id, page = "1"], done }) {
  const [{ data: board }, found] = await Promise.all([read(`/${id}`), call("GET", `/leaderboards/${id}/records?page=${page}`)]);
  const rows = found.data.map((record) => [
    record.rank,
    record.user_id ? link(`user/${record.user_id}`, record.username) : record.display_name,
    record.score,
    time(record.updated_at),
    h("div.buttons", {}, button("Edit", () => editScore(id, record, done)), deleteScoreButton(id, record, done)),
  ]);
  return h(
    "div",
    {},
    section(
      board.title,
      facts([
        ["Slug", board.slug],
        ["Description", board.description || "–"],
        ["Order", wordsOf(ORDERS, board.sort_order)],
        ["Scores", wordsOf(OPERATORS, board.operator)],
        ["Starts", time(board.starts_at)],
        ["Ends", time(board.ends_at)],
        ["State", board.is_active ? "active" : "ended"],
      ]),
      h("div.buttons", {}, button("Edit", () => editBoard(board, done)), ...endings(board, done)),
    ),
    section(
      "Scores",
      table("Scores", ["Rank", "Player", "Score", "Updated", ""], rows),
      pages(found.meta, (number) => `board/${id}/${number}`),
      board.is_active && h("div.buttons", {}, button("New score", () => submitScore(id, done))),
    ),
  );
}

function endings({ id, title, is_active: isActive }, done) {
  const end = { title: `End ${title} now?`, text: "New scores will not count. The existing scores stay.", yes: "End leaderboard" };
  const remove = {
    title: `Delete ${title}?`,
    text: "Its scores will be deleted too. This cannot be undone.",
    yes: "Delete leaderboard",
    typed: title,
  };
  return [
    isActive && graveButton("End", end, () => done(call("POST", `/leaderboards/${id}/end`), "Leaderboard ended.")),
    graveButton("Delete", remove, () => done(call("DELETE", `/leaderboards/${id}`), "Leaderboard deleted.", "boards")),
  ];
}

const settingsOf = (board) => [
  { name: "title", label: "Title", value: board.title, required: true },
  { name: "description", label: "Description", kind: "long", value: board.description },
  { name: "starts_at", label: "Starts (UTC)", kind: "time", value: board.starts_at },
  { name: "ends_at", label: "Ends (UTC)", kind: "time", value: board.ends_at },
];

function makeBoard(done) {
  openForm({
    title: "New leaderboard",
    yes: "Create leaderboard",
    fields: [
      { name: "slug", label: "Slug: lower-case letters, digits and _", required: true },
      ...settingsOf({}),
      { name: "sort_order", label: "Order", kind: "choice", choices: ORDERS, value: "desc" },
      { name: "operator", label: "Scores", kind: "choice", choices: OPERATORS, value: "best" },
    ],
    save: async (settings) => done(await call("POST", "/leaderboards", settings), "Leaderboard created."),
  });
}

function editBoard(board, done) {
  openForm({
    title: `Edit ${board.title}`,
    fields: [...settingsOf(board), { name: "metadata", label: "Metadata", kind: "json", value: board.metadata }],
    save: async (changed) => done(await call("PATCH", `/leaderboards/${board.id}`, changed), "Leaderboard saved."),
  });
}

function submitScore(board, done) {
  openForm({
    title: "New score",
    fields: [
      { name: "name", label: "User name", required: true },
      { name: "score", label: "Score", kind: "number", required: true },
    ],
    async save({ name, score }) {
      const owner = await userNamed(name);
      done(await call("POST", `/leaderboards/${board}/records`, { user_id: owner, score }), "Score submitted.");
    },
  });
}

/** The id of the user with exactly this name. */
async function userNamed(name) {
  const found = await call("GET", `/users?q=${encodeURIComponent(name)}`);
  const user = found.data.find(({ username }) => username === name.trim().toLowerCase());
  if (!user) throw new Error(`There is no user named ${name}.`);
  return user.id;
}

const whoseOf = (record) => record.username || record.display_name;

const pathOf = (board, record) => `/leaderboards/${board}/records/${record.id}`;

function editScore(board, record, done) {
  openForm({
    title: `Score of ${whoseOf(record)}`,
    fields: [
      { name: "score", label: "Score", kind: "number", value: record.score, required: true },
      { name: "metadata", label: "Metadata", kind: "json", value: record.metadata },
    ],
    save: async (changed) => done(await call("PATCH", pathOf(board, record), changed), "Score saved."),
  });
}

function deleteScoreButton(board, record, done) {
  const text = `${whoseOf(record)} will be removed from the leaderboard.`;
  const question = { title: "Delete this score?", text, yes: "Delete score" };
  return graveButton("Delete", question, () => done(call("DELETE", pathOf(board, record)), "Score deleted."));
}
