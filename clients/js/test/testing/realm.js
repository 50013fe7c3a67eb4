// A gateway and map servers in memory, for whoever enters, travels and comes back.

import { Entry } from "../../src/entry.js";
import { FakeClock } from "./clock.js";
import { MapServer, grant } from "./map-server.js";
import { fakeSockets } from "./sockets.js";

/** A realm whose sockets open at once, unless its line is down. */
export class Realm {
  clock = new FakeClock();
  /** The map server of each socket that players have opened there, and the gateway's sockets. */
  servers = [];
  gateways = [];
  /** Number of tickets that were asked for. */
  asked = 0;
  /** While it is set, no socket opens. */
  isDown = false;
  /** While it is set, the gateway answers nothing. */
  isSilent = false;
  /** The access token that the gateway takes. */
  token = "token";
  /** What the gateway answers, by the number of the question and its data: the event and its data. */
  answer = () => ["enter_world_success", grant()];
  #waiting = [];

  /** @param {(count: number) => object} arrange What each map server is told, by its number from 0. */
  constructor(arrange = () => ({})) {
    const { WebSocket } = fakeSockets((socket) => {
      if (socket.url.endsWith("/ws")) this.#openGateway(socket);
      else this.servers.push(new MapServer(socket, this.clock, arrange(this.servers.length)));
      queueMicrotask(() => (this.isDown ? socket.end(1006) : this.#accept(socket)));
    });
    this.options = { ...this.clock.options, WebSocket };
  }

  /** @param {import("../../src/entry.js").EntryOptions} [more] */
  entry(more = {}) {
    return new Entry("ws://127.0.0.1:3002", "token", "hero", { ...this.options, ...more });
  }

  /** The gateway answers what it was asked while it was silent. */
  speak() {
    this.isSilent = false;
    for (const answer of this.#waiting.splice(0)) answer();
  }

  #accept(socket) {
    socket.accept();
    if (!this.gateways.includes(socket)) return;
    if (socket.protocols[1] === this.token) say(socket, "welcome", {});
    else socket.end(1008, "Invalid token");
  }

  #openGateway(socket) {
    this.gateways.push(socket);
    socket.hear = (text) => {
      this.asked += 1;
      const answer = () => say(socket, ...this.answer(this.asked, JSON.parse(text).data));
      if (this.isSilent) this.#waiting.push(answer);
      else queueMicrotask(answer);
    };
  }
}

function say(socket, event, data) {
  socket.say(JSON.stringify({ event, data }));
}
