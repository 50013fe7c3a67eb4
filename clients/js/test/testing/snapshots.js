// Snapshots as a server writes them.

import { BitWriter } from "../../src/bits.js";
import { layoutOf } from "../../src/codec.js";
import { COMPONENTS } from "../../src/generated/protocol.js";

/**
 * The body of a snapshot. Of an entity, `course` and `components` may be left out; a component that is null is gone.
 */
export function snapshotBody({
  tick,
  last_command = 0,
  buffered_commands = 2,
  position = { x: 0, y: 0 },
  facing = 0,
  despawns = [],
  entities = [],
}) {
  const out = new BitWriter();
  const counts = { has_despawns: despawns.length > 0, despawn_count: despawns.length, entity_count: entities.length };
  const head = { tick, last_command, buffered_commands, position, facing };
  layoutOf("Snapshot").write(out, { ...head, ...counts, despawns, entities: entities.map(updateFields) });
  return out.toBytes();
}

function updateFields({ entity, is_new = false, course = null, components = {} }) {
  const mask = COMPONENTS.filter(({ name }) => name in components).reduce((all, { id }) => all | (1 << id), 0);
  return { entity, is_new, course: course && course.toFields(), has_components: mask !== 0, mask, components };
}
