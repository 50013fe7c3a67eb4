// The official client of the channel protocol on a real server: node phoenix.mjs URL TOKEN USER. Each
// line that it says is JSON of what has happened; it ends by itself when it is told so by an event.

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

const MISSING = 77;
const tools = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "realmgate-tools/node");
for (const name of ["phoenix", "ws"]) {
  if (existsSync(join(tools, "node_modules", name))) continue;
  console.log(`${name} is not installed (tests/node/install.sh)`);
  process.exit(MISSING);
}
const load = createRequire(join(tools, "package.json"));
const { Socket } = load("phoenix");
// Node's own does not say that a connection has failed, in version 20: the client would wait for that for good.
const WebSocket = load("ws");

const [url, token, user] = process.argv.slice(2);
const say = (what) => console.log(JSON.stringify(what));

const socket = new Socket(url, { params: { token }, transport: WebSocket, reconnectAfterMs: () => 50, rejoinAfterMs: () => 50 });
socket.onOpen(() => say({ socket: "open" }));
socket.onClose((event) => say({ socket: "closed", code: event.code }));
socket.connect();

const channel = socket.channel(`user:${user}`, { token });
// Every event, also those that nobody asked for.
channel.onMessage = (event, payload) => {
  if (!event.startsWith("phx_") && !event.startsWith("chan_reply_")) say({ event, payload });
  return payload;
};
channel
  .join()
  .receive("ok", (response) => say({ joined: response }))
  .receive("error", (response) => say({ refused: response }));

const other = socket.channel("user:00000000-0000-7000-8000-000000000000", {});
other.join().receive("error", ({ reason }) => {
  say({ other: reason });
  other.leave();
});

// Joins the lobby that it is in, as games do.
let inLobby = "";
const joinLobby = (id) => {
  const lobby = socket.channel(`lobby:${id}`, {});
  lobby.onMessage = (event, payload) => {
    if (!event.startsWith("phx_") && !event.startsWith("chan_reply_")) say({ lobby: event, payload });
    return payload;
  };
  lobby.onClose(() => say({ lobby: "closed" }));
  lobby.join().receive("error", ({ reason }) => say({ lobby: "refused", reason }));
};

channel.on("updated", ({ display_name, lobby_id }) => {
  if (lobby_id !== inLobby) {
    inLobby = lobby_id;
    if (lobby_id) joinLobby(lobby_id);
  }
  if (display_name === "push") {
    channel.push("anything", {}).receive("error", ({ error }) => say({ push: error }));
  }
  if (display_name === "hook") {
    const call = channel.push("call_hook", { plugin: "trial", fn: "echo", args: ["hi"] });
    call.receive("ok", ({ data }) => say({ hook: data })).receive("error", ({ error }) => say({ hook: error }));
  }
  if (display_name === "leave") {
    channel.leave().receive("ok", () => {
      say({ left: true });
      socket.disconnect(() => say({ disconnected: true }));
    });
  }
});
