// The realm at a glance: who plays, and how it has done in the last hours.

import { h } from "../src/dom.js";
import { call } from "./api.js";
import { openForm } from "./dialogs.js";
import { mapName, mapNames } from "./maps.js";
import { button, facts, link, section, table } from "./parts.js";

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [320, 80];

/** The place that is shown first. */
export async function overviewPlace({ done }) {
  const [overview, { channels }] = await Promise.all([call("GET", "/overview"), call("GET", "/servers")]);
  const { players, servers, online, samples } = overview;
  const names = mapNames(channels);
  const rows = online.map((one) => [
    link(`character/${one.character_id}`, one.name),
    mapName(names, one.map_id),
    one.server_name,
    link(`user/${one.user_id}`, "Account"),
  ]);
  return h(
    "div",
    {},
    section(
      "Now",
      facts([
        ["Players in the world", players],
        ["Map servers", servers],
        ["Logins in the last hour", sum(samples.slice(-60), "log_ins")],
      ]),
      h("div.buttons", {}, button("Announce", () => announce(done))),
    ),
    section(
      "Last 6 hours",
      h(
        "div.charts",
        {},
        chart("Players in the world", samples, "players"),
        chart("Logins per minute", samples, "log_ins"),
        chart("Fullest map server, in percent", samples, "load"),
      ),
      h("p.quiet", {}, "One value per minute since this server process started."),
    ),
    section(
      "Players online",
      table("Players online", ["Character", "Last saved map", "Map server", ""], rows),
      players > online.length && h("p.quiet", {}, `Showing ${online.length} of ${players}.`),
    ),
  );
}

function announce(done) {
  const send = async ({ text = "" }) => {
    const { players } = await call("POST", "/announcements", { text });
    return done(null, `Announced to ${players === 1 ? "1 player" : `${players} players`}.`);
  };
  openForm({
    title: "Announce",
    text: "Every player in the world sees this message in the chat.",
    yes: "Announce",
    fields: [{ name: "text", label: "Message", required: true }],
    save: send,
  });
}

const sum = (samples, name) => samples.reduce((total, sample) => total + sample[name], 0);

/** A line of one figure over time, with words for who does not see it. */
function chart(title, samples, name) {
  const values = samples.map((sample) => sample[name]);
  const [latest, most] = [values.at(-1) ?? 0, Math.max(1, ...values)];
  const step = WIDTH / Math.max(1, values.length - 1);
  const points = values.map((value, place) => `${(place * step).toFixed(1)},${(HEIGHT - (value / most) * HEIGHT).toFixed(1)}`);
  // A single figure is a level line.
  if (points.length === 1) points.push(`${WIDTH},${points[0].split(",")[1]}`);
  const label = `${title}: latest ${latest}, highest ${Math.max(0, ...values)}`;
  const viewBox = `0 -2 ${WIDTH} ${HEIGHT + 4}`;
  const image = svg("svg", { viewBox, preserveAspectRatio: "none", role: "img", "aria-label": label });
  image.append(svg("polyline", { points: points.join(" ") }));
  return h("figure", {}, h("figcaption", {}, label), image);
}

function svg(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
