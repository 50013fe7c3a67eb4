// A player's stay on one map server, without I/O: the server's messages and frames go in, the client's frames come out.

import { Abilities, Known, later } from "./abilities.js";
import { decodeReliable, decodeSplit } from "./codec.js";
import { Content } from "./content.js";
import { ProtocolError } from "./errors.js";
import { checkIntent, withSeen } from "./frame.js";
import { PROTOCOL_HASH, STATUS_FLAGS } from "./generated/protocol.js";
import { CollisionGrid } from "./movement/grid.js";
import { Pace } from "./pace.js";
import { Reassembly } from "./parts.js";
import { Possessions } from "./possessions.js";
import { Predictor } from "./predict.js";
import { WorldView } from "./world.js";

/**
 * What a player wants to do this tick: the direction to walk in, and the ability to use, if any.
 * @typedef {{ heading?: number | null, action?: import("./frame.js").Action | null }} Intent
 */

/** A stay on one map server. */
export class Session {
  /** The entities that the player sees. */
  world = new WorldView();
  /** The character's possessions. */
  possessions;
  /** The player's party: its id and members, the leader first. Without members there is none. */
  party = { id: 0n, members: [] };
  /** The current trade; null if there is none. */
  trade = null;
  /** Names for the numbers on the wire, and the rules. */
  content = new Content();
  /** Portals, safe zones and other places that the server has sent for the map. */
  places = [];
  /** How many messages came (those in parts count as one), snapshots applied, and what was late or could not be read. */
  counters = { messagesIn: 0, snapshots: 0, staleFrames: 0, decodeErrors: 0 };
  #grids;
  #welcome = null;
  #ground = null;
  #reassembly = new Reassembly();
  #predictor = new Predictor();
  #abilities = new Abilities();
  #pace = new Pace();
  #anomalies = [];
  #toldOfUnknownEntities = 0;

  /**
   * @param {{ grids?: Map<number, CollisionGrid>, carried?: Possessions | null }} [options] The solid tiles of maps that
   *   the client has, by map; what the character owned on the server it comes from, to compare.
   */
  constructor({ grids = new Map(), carried = null } = {}) {
    this.#grids = grids;
    this.possessions = carried ? carried.carriedOver() : new Possessions();
  }

  /** The first message to send. */
  static hello() {
    return { type: "Hello", protocol_hash: PROTOCOL_HASH };
  }

  /** Whether the server has sent everything that a player needs to start. */
  get isEntered() {
    return this.#welcome !== null && this.content.isTold && (this.isWatching || this.possessions.isTold);
  }

  /** Whether this is a spectator's session, without a character. */
  get isWatching() {
    return this.#welcome?.entity === 0;
  }

  /** The server's message `Welcome`; null until it has come. */
  get welcome() {
    return this.#welcome;
  }

  /** The player's own entity; null until it is in view. */
  get ownEntity() {
    return this.#welcome && this.world.entity(this.#welcome.entity);
  }

  /** The player's predicted position; the server's last one while there is no prediction; null before both. */
  get position() {
    return this.#predictor.position ?? (this.#welcome && this.world.positionOf(this.#welcome.entity));
  }

  /** The solid tiles of the map; null if neither the server has sent them nor the client has them. */
  get grid() {
    return this.#ground ?? (this.#welcome && this.#grids.get(this.#welcome.map)) ?? null;
  }

  /** The pace, which says how long the next client tick should be. */
  get pace() {
    return this.#pace;
  }

  /** How often the server corrected the predicted position. */
  get corrections() {
    return this.#predictor.corrections;
  }

  /** By how much all corrections together have moved the player, each on the axis on which it moved more; in units. */
  get correctedUnits() {
    return this.#predictor.correctedUnits;
  }

  /** The contradictions in what the server sent since the last call, each as a sentence. */
  takeAnomalies() {
    const unknown = this.world.unknownEntities - this.#toldOfUnknownEntities;
    if (unknown > 0) this.#anomalies.push(`${unknown} updates of unknown entities`);
    this.#toldOfUnknownEntities += unknown;
    const anomalies = this.#anomalies;
    this.#anomalies = [];
    return anomalies;
  }

  /**
   * Takes a reliable message, applies it and hands it on. Null for one that is not complete or cannot be read.
   * @param {Uint8Array} bytes
   * @returns {import("./generated/protocol.js").ServerMessage | null}
   */
  receiveMessage(bytes) {
    return this.#counting(() => {
      const message = decodeReliable("ServerMessage", bytes);
      return message.type === "Part" ? this.#receivePart(message) : this.#take(message);
    });
  }

  #receivePart({ index, count, bytes }) {
    const whole = this.#reassembly.take(index, count, bytes);
    if (!whole) return null;
    const message = decodeSplit("ServerMessage", whole);
    if (message.type === "Part") throw new ProtocolError("BadPart", "unexpected part inside of parts");
    return this.#take(message);
  }

  #take(message) {
    this.counters.messagesIn += 1;
    switch (message.type) {
      case "Welcome":
        this.#welcome = message;
        this.#predictor = new Predictor(this.#grids.get(message.map) ?? null, message.body_radius);
        this.#abilities = new Abilities();
        this.#pace = new Pace(message.tick_hz);
        this.world = new WorldView(message.entity, message.tick);
        this.#toldOfUnknownEntities = 0;
        break;
      case "Content":
        this.content = new Content(message);
        break;
      case "MapLayout":
        this.#learnGround(message);
        this.places = message.places;
        break;
      case "Party":
        this.party = { id: message.members.length === 0 ? 0n : message.party, members: message.members };
        break;
      case "TradeState":
        this.trade = { with: message.with, revision: message.revision, mine: message.mine, theirs: message.theirs };
        break;
      case "TradeEnded":
        this.trade = null;
        break;
      case "Refused":
        if (message.answers.type === "Command") this.#abilities.refused(message.answers.number);
        break;
      default:
        this.#anomalies.push(...this.possessions.take(message));
    }
    return message;
  }

  #learnGround({ width, height, runs }) {
    // A map that is too large for a message has no runs. The client must have its grid already.
    if (runs.length === 0) return;
    const grid = gridOf(width, height, runs);
    if (grid) {
      this.#predictor.standOn(grid);
      this.#ground = grid;
    } else this.#anomalies.push(`the runs do not cover the ground of ${width} by ${height} tiles`);
  }

  /**
   * Takes the body of a snapshot, and reconciles the prediction with it. Answers whether it was applied.
   * @param {Uint8Array} body
   */
  receiveFrame(body) {
    // Before the welcome the client knows neither its own entity, nor what the numbers mean.
    if (!this.#welcome) return false;
    const head = this.#counting(() => this.world.apply(body) ?? "stale");
    if (head === "stale") this.counters.staleFrames += 1;
    if (head === null || head === "stale") return false;
    this.counters.snapshots += 1;
    this.#pace.observe(head);
    const server = this.world.positionOf(this.#welcome.entity);
    if (server) this.#predictor.reconcile(server, head.last_command, this.#unitsPerTick());
    else this.#predictor.forget(head.last_command);
    const known = this.#known();
    if (known) this.#abilities.observe(known, head.last_command, head.tick);
    return true;
  }

  /**
   * Turns what the player wants into the next command, predicts it, and answers the frame to send. Throws a `RangeError`
   * for what no command can say. An action that does not say what the player saw (see `Display.withSeen`) was decided by the
   * newest snapshot.
   * @param {Intent} [intent]
   * @returns {import("./frame.js").ClientFrame}
   */
  tick(intent = {}) {
    checkIntent(intent);
    this.#predictor.issue(withSeen(intent, { tick: this.world.tick, part: 0 }), this.#unitsPerTick());
    this.#predictUse(intent);
    return this.frame();
  }

  /** The step is taken before the ability is used: it does not break the cast that begins in the same tick. */
  #predictUse({ heading = null, action = null }) {
    const known = this.#known();
    if (!known) return;
    if (heading !== null) this.#abilities.walk(known, this.ownTick);
    // What is refused here is sent all the same: the server decides.
    if (action !== null) this.#abilities.press(known, this.commandsIssued, action.slot, this.ownTick);
  }

  /** The frame to send in a tick without a command: before play, and while leaving. */
  frame() {
    return { ack: this.world.ack, commands: this.#predictor.newest() };
  }

  /** The number of the newest command; 0 before the first. */
  get commandsIssued() {
    return this.#predictor.issued;
  }

  /**
   * The tick in which the server is expected to apply a command: it applies one each tick. The player's own character is
   * shown at this time, ahead of what the server has shown.
   * @param {number} command
   */
  tickOf(command) {
    const { tick, last_command: lastCommand } = this.world.head;
    return later(tick, Math.max(command - lastCommand, 0));
  }

  /** The tick in which the server is expected to apply the newest command. */
  get ownTick() {
    return this.tickOf(this.commandsIssued);
  }

  /** Whether the ability on a slot could start with the next command, as far as a client knows; for buttons. */
  mayUse(slot) {
    return this.refusalOf(slot) === null;
  }

  /**
   * Why the server would refuse the ability on a slot with the next command, as far as a client knows; null if it would not.
   * `HelloFirst` until the own entity is in view.
   * @returns {import("./generated/protocol.js").Refusal | null}
   */
  refusalOf(slot) {
    const known = this.#known();
    return known ? this.#abilities.refusal(known, slot, later(this.ownTick, 1)) : "HelloFirst";
  }

  /**
   * The tick from which a slot is ready, uses that the server has not answered included. To be compared with `ownTick`.
   * @param {number} slot
   */
  readyAt(slot) {
    const known = this.#known();
    return known ? this.#abilities.readyAt(known, slot) : 0;
  }

  /** The player's own cast, from the moment of the key press; null if there is none. See `ownTick`. */
  get cast() {
    const known = this.#known();
    return known && this.#abilities.cast(known);
  }

  /** Predicted uses of abilities that the server has not answered. */
  get predictedUses() {
    return this.#abilities.uses;
  }

  /** Predicted uses of abilities that the server has refused since the last call; only the newest if there are many. */
  takeTakenBack() {
    return this.#abilities.takeTakenBack();
  }

  /**
   * Where a command with this direction leads the player's body from a position.
   * @param {{ x: number, y: number }} from
   * @param {number | null} heading
   */
  ahead(from, heading) {
    return this.#predictor.ahead(from, heading, this.#unitsPerTick());
  }

  /** What the rules say of the player's abilities; null until the own entity is in view. */
  #known() {
    const own = this.ownEntity;
    return own && new Known(own, this.content, this.#welcome);
  }

  /** How far the player walks in a tick, by its components. */
  #unitsPerTick() {
    const own = this.ownEntity;
    if (!own || own.isDead || own.hasStatus(STATUS_FLAGS.rooted)) return 0;
    return own.components.MoveSpeed?.units_per_tick ?? 0;
  }

  #counting(read) {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.counters.decodeErrors += 1;
      return null;
    }
  }
}

function gridOf(width, height, runs) {
  try {
    return CollisionGrid.fromRuns(width, height, runs);
  } catch {
    return null;
  }
}
