// A map server in memory, at the other end of a fake socket.

import { decodeReliable, encodeReliable, encodeSplit } from "../../src/codec.js";
import { readClientFrame } from "../../src/frame.js";
import { LIMITS, PROTOCOL_HASH } from "../../src/generated/protocol.js";
import { split } from "../../src/parts.js";
import { openPayload } from "../../src/payload.js";
import { Stream } from "../../src/stream.js";
import { scaled } from "../../src/movement/angle.js";
import { snapshotBody } from "./snapshots.js";

export const OWN = 5;
export const SPEED = 100;
export const START = { x: 50_000, y: 50_000 };

export const RULES = {
  pick_up_range: 1024,
  vendor_range: 2048,
  trade_range: 2048,
  global_cooldown_ms: 1000,
  loot_owner_ms: 1000,
  loot_lifetime_ms: 1000,
  level_experience: [0n, 100n],
  messages: { burst: 1, every_ms: 1 },
  chat: { burst: 1, every_ms: 1 },
  invitations: { burst: 1, every_ms: 1 },
};

export function welcome(fields = {}) {
  return {
    type: "Welcome",
    protocol_hash: PROTOCOL_HASH,
    entity: OWN,
    character: "02020202-0202-0202-0202-020202020202",
    map: 1,
    channel: 1,
    tick: 0,
    tick_hz: 20,
    body_radius: 320,
    slots: [0],
    ...fields,
  };
}

export function inventory(fields = {}) {
  return { type: "Inventory", items: [], gold: 3n, experience: 0n, level: 1, bag_slots: 20, ...fields };
}

/** Content that is too long for one message. */
export function content() {
  const item = (_, number) => ({
    id: `item_${number}`,
    name: "A thing with quite a long name",
    worn_slot: null,
    classes: [],
    min_level: 0,
    bonuses: { health: 0, resource: 0, power: 0, armour: 0, speed_per_mille: 0 },
    consumable: null,
    value: 0n,
  });
  return {
    type: "Content",
    classes: [],
    abilities: [],
    mobs: [],
    items: Array.from({ length: 100 }, item),
    rules: RULES,
  };
}

/** The messages that a message is sent in. */
export function inParts(message) {
  const bytes = encodeSplit("ServerMessage", message);
  if (bytes.length <= LIMITS.reliable_bytes) return [bytes];
  return split(bytes).map((part) => encodeReliable("ServerMessage", { type: "Part", ...part }));
}

/** The grant for a server double. */
export function grant(fields = {}) {
  return {
    character_id: "hero",
    map_ip: "127.0.0.1",
    map_port: 4001,
    ticket: "AQID_-8",
    spawn_pos: null,
    map_id: 1,
    map_name: "greenvale",
    channel: 1,
    server_id: "map-server-1",
    connect_token: "c",
    map_ws_url: "ws://127.0.0.1:4001/play",
    map_wt_url: null,
    map_wt_cert_sha256: null,
    protocol_hash: PROTOCOL_HASH.toString(16).padStart(16, "0"),
    expires_in: 30,
    ...fields,
  };
}

/** One player's server. It walks the player as commanded, one command each tick. */
export class MapServer {
  ticket = null;
  messages = [];
  frames = [];
  applied = 0;
  at = START;
  tick = 0;
  #stream = new Stream(0);
  #commands = new Map();
  #isNew = true;

  /** Greets by itself when `Hello` comes, unless told otherwise. */
  constructor(socket, clock, { greets = true, tells = {} } = {}) {
    [this.socket, this.clock, this.greets, this.tells] = [socket, clock, greets, tells];
    socket.hear = (data) => this.#hear(data);
  }

  #hear(data) {
    const bytes = new Uint8Array(data);
    if (this.ticket === null) {
      this.ticket = bytes;
      return;
    }
    const payload = openPayload(bytes);
    this.#stream.receive(payload, this.clock.now);
    for (let next = this.#stream.nextMessage(); next; next = this.#stream.nextMessage()) this.#take(next);
    if (!payload.section) return;
    const frame = readClientFrame(payload.section.body);
    this.frames.push(frame);
    for (const command of frame.commands)
      if (command.number > this.applied) this.#commands.set(command.number, command);
  }

  #take(bytes) {
    const message = decodeReliable("ClientMessage", bytes);
    this.messages.push(message);
    if (message.type === "Hello" && this.greets) {
      this.tell(welcome(this.tells.welcome), content(), inventory(this.tells.inventory));
      this.flush();
    }
  }

  /** Queues messages for the client. */
  tell(...messages) {
    for (const message of messages) for (const bytes of inParts(message)) this.#stream.queue(bytes);
  }

  /** Whether the client has acknowledged everything. */
  get isAcknowledged() {
    return this.#stream.isAcknowledged;
  }

  /** Sends what is queued, with a snapshot or without one. */
  flush(body = null) {
    const section = body && { type: "Snapshot", body };
    for (const payload of this.#stream.compose(section, this.clock.now)) this.socket.say(payload.slice().buffer);
  }

  /** A tick: applies the next command, and sends what came of it unless that is lost. */
  step({ isLost = false, push = null } = {}) {
    this.tick += 1;
    const command = this.#commands.get(this.applied + 1);
    if (command) {
      this.#commands.delete(command.number);
      const { dx, dy } = command.heading === null ? { dx: 0, dy: 0 } : scaled(command.heading, SPEED);
      [this.applied, this.at] = [command.number, { x: this.at.x + dx, y: this.at.y + dy }];
    }
    if (push) this.at = { x: this.at.x + push.x, y: this.at.y + push.y };
    if (isLost) return;
    const waiting = this.#commands.size;
    const own = { entity: OWN, is_new: true, components: { MoveSpeed: { units_per_tick: SPEED } } };
    const entities = this.#isNew ? [own] : [];
    this.#isNew = false;
    this.flush(
      snapshotBody({
        tick: this.tick,
        last_command: this.applied,
        buffered_commands: Math.min(waiting, 15),
        position: this.at,
        entities,
      }),
    );
  }
}
