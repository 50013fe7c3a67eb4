// The audit log: what administrators have done, in words.

import { h } from "../src/dom.js";
import { call } from "./api.js";
import { link, pages, section, table, time } from "./parts.js";

/** What a call does, by its method and path. */
const WORDS = [
  ["LOG IN", /^$/, "Logged in"],
  ["PATCH", /^\/users\/[^/]+$/, "Changed a user"],
  ["DELETE", /^\/users\/[^/]+$/, "Deleted a user"],
  ["POST", /^\/users\/[^/]+\/kick$/, "Kicked a user"],
  ["POST", /^\/announcements$/, "Sent an announcement"],
  ["DELETE", /^\/users\/[^/]+\/log_ins$/, "Logged a user out"],
  ["POST", /^\/lobbies$/, "Created a lobby"],
  ["PATCH", /^\/lobbies\/[^/]+$/, "Changed a lobby"],
  ["DELETE", /^\/lobbies\/[^/]+$/, "Deleted a lobby"],
  ["POST", /^\/leaderboards$/, "Created a leaderboard"],
  ["PATCH", /^\/leaderboards\/[^/]+$/, "Changed a leaderboard"],
  ["DELETE", /^\/leaderboards\/[^/]+$/, "Deleted a leaderboard"],
  ["POST", /^\/leaderboards\/[^/]+\/end$/, "Ended a leaderboard"],
  ["POST", /^\/leaderboards\/[^/]+\/records$/, "Submitted a score"],
  ["PATCH", /^\/leaderboards\/[^/]+\/records\/.+$/, "Changed a score"],
  ["DELETE", /^\/leaderboards\/[^/]+\/records\/.+$/, "Deleted a score"],
  ["POST", /^\/hooks\/reload$/, "Reloaded changed scripts"],
];

/** The place of what administrators have done. */
export async function actsPlace({ rest: [page = "1"] }) {
  const found = await call("GET", `/acts?page=${page}`);
  const rows = found.data.map((act) => [
    time(act.inserted_at),
    link(`user/${act.user_id}`, act.username || "a deleted account"),
    what(act),
    act.body && h("pre", {}, saidIn(act.body)),
    resultOf(act.status),
  ]);
  return section(
    "Audit log",
    table("Audit log", ["Time", "Administrator", "Action", "Details", "Result"], rows),
    pages(found.meta, (number) => `acts/${number}`),
  );
}

/** How a call ended. The status is 0 if the server stopped before it answered. */
function resultOf(status) {
  if (status === 0) return "unknown: the server stopped";
  return status < 400 ? "done" : `refused: ${status}`;
}

/** What a change of a user is called; null for any other. */
function changeOfUser(method, below, body) {
  if (method !== "PATCH" || !/^\/users\/[^/]+$/.test(below) || !body) return null;
  const { is_activated: isActivated, muted_until: mutedUntil, is_admin: isAdmin } = JSON.parse(body);
  if (isActivated !== undefined) return isActivated ? "Lifted a ban or activated" : "Banned";
  if (mutedUntil !== undefined) return mutedUntil ? "Muted" : "Unmuted";
  if (isAdmin !== undefined) return isAdmin ? "Made administrator" : "Removed as administrator";
  return null;
}

function what({ method, path, subject, body }) {
  const below = path.replace(/^(\/api\/v1)?\/admin/, "");
  const words = changeOfUser(method, below, body) ?? WORDS.find(([of, pattern]) => of === method && pattern.test(below))?.[2];
  if (!words) return `${method} ${below}`;
  const user = below.match(/^\/users\/([^/]+)/);
  if (user && subject) return h("span", {}, `${words}: `, link(`user/${user[1]}`, subject));
  // Where there is no name, or none any more, the path says what it was.
  return h("span", {}, words, h("p.quiet", {}, below));
}

/** A line for each field. */
function saidIn(body) {
  const line = ([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`;
  return Object.entries(JSON.parse(body)).map(line).join("\n");
}
