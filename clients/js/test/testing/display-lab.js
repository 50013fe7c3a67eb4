// A server, a client and a bad line between them, in simulated time: for tests of what is shown.

import { Display } from "../../src/display/display.js";
import { angleBetween, scaled } from "../../src/movement/angle.js";
import { Course } from "../../src/movement/course.js";
import { enteredWith } from "./entered.js";
import { OWN } from "./map-server.js";
import { Random } from "./random.js";
import { snapshotBody } from "./snapshots.js";

const TICK_HZ = 30;
const TICK_MS = 1000 / TICK_HZ;
const FRAME_MS = 1000 / 60;
/** How long TCP waits before it sends a lost segment again: longer than it mostly does, since the next one tells of the loss. */
const RESEND_AFTER_MS = 200;
/** Walking speed in units per tick: four tiles a second. */
const SPEED = 136;
/** The middle of the map, where everybody begins. */
const HOME = 30 * 1024;
/** Another player, who walks about. */
export const OTHER = 9;

/**
 * Both ends. `line` says how long a packet takes each way, how much later one may come at most, and how many are lost. Over TCP
 * (`isTcp`) what is lost comes after a resend, and what follows waits for it.
 *
 * `heading` is the direction that the player presses. While `isDown` is set, nothing gets through.
 */
export class Lab {
  heading = null;
  isDown = false;
  session = enteredWith(TICK_HZ);
  #line;
  #random;
  #now = 0;
  #next = { server: 0, client: 0, frame: 0 };
  #toServer = [];
  #toClient = [];
  #server = new Server();

  /**
   * @param {number} seed
   * @param {{ delayMs: number, jitterMs: number, lostPercent: number, isTcp?: boolean }} line
   * @param {number} extrapolationMs
   */
  constructor(seed, line, extrapolationMs) {
    this.#random = new Random(seed);
    this.#line = line;
    this.display = new Display(TICK_HZ, extrapolationMs);
  }

  /** Pushes the player's character aside, as the server alone can. */
  push(dx) {
    this.#server.own.x += dx;
  }

  /** Runs until the next frame is shown. Answers where both are shown, and where the other is at that moment. */
  frame() {
    for (;;) {
      const { server, client, frame } = this.#next;
      this.#now = Math.min(server, client, frame);
      if (this.#now === server) this.#serverTick();
      else if (this.#now === client) this.#clientTick();
      else return this.#picture();
    }
  }

  #send(queue, what) {
    const isLost = this.#random.below(100) < this.#line.lostPercent;
    const lateMs = this.#random.below(this.#line.jitterMs * 1000 + 1) / 1000;
    const at = this.#now + this.#line.delayMs + lateMs;
    if (this.isDown || (isLost && !this.#line.isTcp)) return;
    const resent = isLost ? at + RESEND_AFTER_MS : at;
    queue.push({ at: this.#line.isTcp ? Math.max(resent, queue.at(-1)?.at ?? 0) : resent, what });
  }

  /** What has arrived by now, in the order in which it came. */
  #arrived(queue) {
    const arrived = queue.filter(({ at }) => at <= this.#now).sort((a, b) => a.at - b.at);
    queue.splice(0, queue.length, ...queue.filter(({ at }) => at > this.#now));
    return arrived.map(({ what }) => what);
  }

  #serverTick() {
    this.#next.server += TICK_MS;
    this.#arrived(this.#toServer).forEach((frame) => this.#server.take(frame));
    this.#send(this.#toClient, this.#server.tick(this.#random));
  }

  #clientTick() {
    this.#receive();
    const intent = { heading: this.heading };
    const frame = this.session.tick(intent);
    this.display.takeTick(this.session, intent, this.#now);
    this.#next.client += this.session.pace.intervalMs;
    this.#send(this.#toServer, frame);
  }

  #receive() {
    for (const body of this.#arrived(this.#toClient)) {
      if (this.session.receiveFrame(body)) this.display.takeSnapshot(this.session, this.#now);
    }
  }

  #picture() {
    this.#next.frame += FRAME_MS;
    this.#receive();
    this.display.advance(this.session, this.heading, this.#now);
    const place = (id) => this.display.place(this.session, id) ?? { x: 0, y: 0 };
    const share = 1 - (this.#next.server - this.#now) / TICK_MS;
    const { position, going } = this.#server.other;
    const { dx, dy } = going.type === "Drifts" ? going : { dx: 0, dy: 0 };
    return { own: place(OWN), other: place(OTHER), otherTruth: { x: position.x + dx * share, y: position.y + dy * share } };
  }
}

/** It applies one command each tick, and the other player turns now and then. */
class Server {
  own = { x: HOME + 512, y: HOME + 512 };
  other = new Course({ ...this.own }, 0);
  #tick = 1000;
  #waiting = [];
  #lastCommand = 0;
  /** When the course of the other began, and the newest snapshot that the client has: perhaps one from before. */
  #toldAt = 1000;
  #acknowledged = 0;
  /** The tick in which it walks elsewhere. */
  #turnsAt = 1030;

  take({ ack, commands }) {
    this.#acknowledged = Math.max(this.#acknowledged, ack.newest);
    for (const command of commands) {
      const newest = this.#waiting.at(-1)?.number ?? this.#lastCommand;
      if (command.number > newest && this.#waiting.length < 8) this.#waiting.push(command);
    }
  }

  /** Answers the snapshot of a tick. */
  tick(random) {
    this.#tick += 1;
    const command = this.#waiting.shift();
    if (command) {
      this.#lastCommand = command.number;
      const { dx, dy } = command.heading === null ? { dx: 0, dy: 0 } : scaled(command.heading, SPEED);
      this.own = { x: this.own.x + dx, y: this.own.y + dy };
    }
    this.other = this.other.later(1);
    if (this.#tick === this.#turnsAt) this.#turn(random);
    const isTold = this.#acknowledged < this.#toldAt;
    const own = { entity: OWN, is_new: true, components: { MoveSpeed: { units_per_tick: SPEED } } };
    return snapshotBody({
      tick: this.#tick,
      last_command: this.#lastCommand,
      buffered_commands: this.#waiting.length,
      position: this.own,
      entities: isTold ? [own, { entity: OTHER, course: this.other }] : [own],
    });
  }

  #turn(random) {
    const wished = scaled(random.below(256), SPEED);
    // It comes back where it would leave the screen.
    const homewards = (at, step) => ((at - HOME) * step > 5 * 1024 * Math.abs(step) ? -step : step);
    const { position } = this.other;
    const [dx, dy] = [homewards(position.x, wished.dx), homewards(position.y, wished.dy)];
    const facing = angleBetween(position, { x: position.x + dx, y: position.y + dy });
    this.other = new Course(position, facing, { type: "Drifts", dx, dy });
    this.#toldAt = this.#tick;
    this.#turnsAt = this.#tick + 30 + random.below(60);
  }
}
