// Reading a snapshot as a list of changes, so that a bad one changes nothing: section 7 of the protocol.

import { BitReader } from "./bits.js";
import { layoutOf } from "./codec.js";
import { ProtocolError } from "./errors.js";
import { LAYOUTS } from "./generated/protocol.js";
import { Layout } from "./layout.js";
import { Course } from "./movement/course.js";

/** Tick, last command and buffered commands: enough to know an old snapshot, whose rest is not worth reading. */
const HEAD = new Layout(LAYOUTS.Snapshot.slice(0, 3), {});

/**
 * What each snapshot says first: the tick whose end it shows, the last command that was applied, and how many still
 * wait.
 * @typedef {{ tick: number, last_command: number, buffered_commands: number }} Head
 */

/**
 * One change that a snapshot makes: where the own entity is; an entity that left the view; one that has changes, and is
 * perhaps new; a course; a component's value; a component that is gone.
 * @typedef {{ type: "Own", position: { x: number, y: number }, facing: number }
 *   | { type: "Despawn", entity: number }
 *   | { type: "Entity", entity: number, isNew: boolean }
 *   | { type: "Course", entity: number, course: Course }
 *   | { type: "Component", entity: number, name: string, value: object }
 *   | { type: "Remove", entity: number, name: string }} Change
 */

/**
 * Reads the head of a snapshot. Throws a `ProtocolError` (`Head`) when it is cut short.
 * @param {Uint8Array} body
 * @param {Head} newest The head of the newest snapshot applied.
 * @returns {Head}
 */
export function readHead(body, newest) {
  return naming("Head", () => headOf(HEAD.read(new BitReader(body), [{ newest }])));
}

/**
 * Reads a whole snapshot. Throws a `ProtocolError` (`Head` or `Snapshot`) when it is cut short or illegal.
 * @param {Uint8Array} body
 * @param {Head} newest The head of the newest snapshot applied.
 * @returns {{ head: Head, changes: Change[] }}
 */
export function readFrame(body, newest) {
  const head = readHead(body, newest);
  const changes = naming("Snapshot", () => {
    const from = new BitReader(body);
    const snapshot = layoutOf("Snapshot").read(from, [{ newest }]);
    if (!from.isAtEnd()) throw new ProtocolError("Trailing", "unexpected data after the snapshot");
    return [...changesOf(snapshot)];
  });
  return { head, changes };
}

/** Numbers wrap around at 32 bits. */
function headOf({ tick, last_command, buffered_commands }) {
  return { tick: tick >>> 0, last_command: last_command >>> 0, buffered_commands };
}

function* changesOf({ position, facing, despawns = [], entities }) {
  yield { type: "Own", position, facing };
  for (const entity of despawns) yield { type: "Despawn", entity };
  for (const { entity, is_new: isNew, course, components = {} } of entities) {
    yield { type: "Entity", entity, isNew };
    if (course) yield { type: "Course", entity, course: Course.fromFields(course) };
    for (const [name, value] of Object.entries(components)) {
      yield value === null ? { type: "Remove", entity, name } : { type: "Component", entity, name, value };
    }
  }
}

/** The same, with any fault of the bytes under this code. */
function naming(code, read) {
  try {
    return read();
  } catch (error) {
    if (error instanceof ProtocolError) throw new ProtocolError(code, error.message);
    throw error;
  }
}
