// What a client sends each tick: which snapshots it has applied, and its newest commands, of which those that make no sense throw.

import { BitReader, BitWriter } from "./bits.js";
import { layoutOf } from "./codec.js";
import { ProtocolError } from "./errors.js";
import { LIMITS } from "./generated/protocol.js";
import { FARTHEST_UNITS } from "./movement/position.js";

/** Ticks before the newest one that an acknowledgement has a bit for. */
const ACK_BITS = 32;
/** The kinds of aim by their number, and the field of the layout that each is in. */
const AIMS = [
  { type: "None" },
  { type: "Entity", field: "entity" },
  { type: "Point", field: "point" },
  { type: "Direction", field: "direction" },
];

/**
 * The aim of an ability.
 * @typedef {{ type: "None" } | { type: "Entity", entity: number } | { type: "Point", point: { x: number, y: number } }
 *   | { type: "Direction", direction: number }} Aim
 */

/**
 * At which moment of the server a player saw others when it used an ability: a tick, and 0 to 7 eighths of the next.
 * @typedef {{ tick: number, part: number }} Seen
 */

/**
 * The use of an ability. Without `seen` the session says that the player went by the newest snapshot.
 * @typedef {{ slot: number, aim: Aim, seen?: Seen | null }} Action
 */

/**
 * What a player wants to do in one tick, by its number from 1. `heading` is a direction from 0 to 255, null to stand.
 * @typedef {{ number: number, heading: number | null, action: Action | null }} InputCommand
 */

/**
 * The body of a client's frame: the snapshots that it has applied, and the newest commands, oldest first.
 * @typedef {{ ack: { newest: number, before: number }, commands: InputCommand[] }} ClientFrame
 */

/**
 * Throws unless a command can be written as it is: it would be sent again and again, and never arrive.
 * @param {{ heading?: number | null, action?: Action | null }} intent
 */
export function checkIntent({ heading = null, action = null }) {
  const isAngle = (angle) => Number.isInteger(angle) && angle >= 0 && angle <= 255;
  if (heading !== null && !isAngle(heading)) throw new RangeError(`${heading} is not a direction: expected an integer from 0 to 255`);
  if (action === null) return;
  const { slot, aim, seen = null } = action;
  if (!Number.isInteger(slot) || slot < 0 || slot >= LIMITS.ability_slots)
    throw new RangeError(`invalid slot: ${slot}`);
  const isPoint = ({ x, y }) =>
    [x, y].every((units) => Number.isInteger(units) && units >= 0 && units <= FARTHEST_UNITS);
  const isLegal = {
    None: () => true,
    Entity: () => Number.isInteger(aim.entity) && aim.entity >= 0 && aim.entity < 2 ** 32,
    Point: () => isPoint(aim.point),
    Direction: () => isAngle(aim.direction),
  }[aim?.type];
  if (!isLegal?.()) throw new RangeError(`invalid aim: ${JSON.stringify(aim)}`);
  if (seen !== null && !isSight(seen)) throw new RangeError(`invalid value of seen: ${JSON.stringify(seen)}`);
}

/**
 * The intent with when its player saw others; what its action says of it already is kept.
 * @template {{ action?: Action | null }} I
 * @param {I} intent
 * @param {Seen} seen
 * @returns {I}
 */
export function withSeen(intent, seen) {
  const { action = null } = intent;
  return action === null ? intent : { ...intent, action: { ...action, seen: action.seen ?? seen } };
}

function isSight({ tick, part }) {
  const isWithin = (number, first, last) => Number.isInteger(number) && number >= first && number <= last;
  return isWithin(tick, 0, 2 ** 32 - 1) && isWithin(part, 0, 7);
}

/** Acknowledges snapshots: the newest that was applied, and a bit for each of the 32 ticks before it. */
export class SnapshotAck {
  /** The tick of the newest applied snapshot; 0 for none. */
  newest = 0;
  /** Bit `i` stands for tick `newest - 1 - i`. */
  before = 0;

  /** Notes that the snapshot of a tick was applied. Ticks only grow, since older snapshots are not applied. */
  note(tick) {
    const apart = tick - this.newest;
    if (apart <= 0) return;
    if (apart > ACK_BITS || this.newest === 0) this.before = 0;
    // The newest becomes bit `apart - 1`; those before it move by as much. Shifting by 32 would shift by nothing.
    else this.before = ((apart === ACK_BITS ? 0 : this.before << apart) | (1 << (apart - 1))) >>> 0;
    this.newest = tick;
  }

  /** A copy that later snapshots do not change. */
  copy() {
    return { newest: this.newest, before: this.before };
  }
}

/**
 * The bytes of a frame.
 * @param {ClientFrame} frame
 * @returns {Uint8Array}
 */
export function writeClientFrame({ ack, commands }) {
  const out = new BitWriter();
  const list = commands.map(({ heading, action }) => ({ heading, action: action && actionFields(action) }));
  layoutOf("ClientFrame").write(out, { ...ack, count: list.length, first: commands[0]?.number, commands: list });
  return out.toBytes();
}

/**
 * Reads a frame. Throws a `ProtocolError` unless the bytes are exactly one.
 * @param {Uint8Array} body
 * @returns {ClientFrame}
 */
export function readClientFrame(body) {
  const from = new BitReader(body);
  const { newest, before, first, commands } = layoutOf("ClientFrame").read(from);
  if (!from.isAtEnd()) throw new ProtocolError("Trailing", "unexpected data after the frame");
  const list = commands.map(({ heading, action }, at) => {
    return { number: first + at, heading, action: action && actionOf(action) };
  });
  return { ack: { newest, before }, commands: list };
}

function actionFields({ slot, aim, seen = null }) {
  const kind = AIMS.findIndex(({ type }) => type === aim.type);
  if (kind < 0) throw new TypeError(`unknown type of aim: ${aim.type}`);
  const { field } = AIMS[kind];
  return { slot, aim: kind, seen, ...(field && { [field]: aim[field] }) };
}

function actionOf({ slot, aim, seen, ...at }) {
  const { type, field } = AIMS[aim];
  return { slot, aim: field ? { type, [field]: at[field] } : { type }, seen };
}
