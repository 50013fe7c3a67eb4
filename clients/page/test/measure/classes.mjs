// What a snapshot of the heap consists of, by class: whose objects they are, and whose elements an array holds.

/** Types of edges that have a name. */
const NAMED = ["property", "internal", "context"];

/** @returns {Record<string, number>} Bytes by class: `Track`, or `Track.elements` for what a track's own array holds. */
export function classesOf({ snapshot: { meta }, nodes, edges, strings }) {
  const [type, name, size, edgeCount] = ["type", "name", "self_size", "edge_count"].map((field) =>
    meta.node_fields.indexOf(field),
  );
  const typeAt = (at) => meta.node_types[type][nodes[at + type]];
  const owners = ownersOf({ meta, nodes, edges, strings }, { name, edgeCount });
  const bytes = {};
  for (let at = 0; at < nodes.length; at += meta.node_fields.length) {
    const isArray = typeAt(at) === "array";
    if (!isArray && typeAt(at) !== "object") continue;
    const of = isArray ? (owners.get(at) ?? `array ${strings[nodes[at + name]]}`) : strings[nodes[at + name]];
    bytes[of] = (bytes[of] ?? 0) + nodes[at + size];
  }
  return bytes;
}

/** Who holds an array, and as what: the first named edge that leads to it. */
function ownersOf({ meta, nodes, edges, strings }, { name, edgeCount }) {
  const [edgeType, edgeName, toNode] = ["type", "name_or_index", "to_node"].map((field) =>
    meta.edge_fields.indexOf(field),
  );
  const isNamed = meta.edge_types[edgeType].map((of) => NAMED.includes(of));
  const owners = new Map();
  let edge = 0;
  for (let at = 0; at < nodes.length; at += meta.node_fields.length) {
    for (const end = edge + nodes[at + edgeCount] * meta.edge_fields.length; edge < end; edge += meta.edge_fields.length) {
      const to = edges[edge + toNode];
      if (!isNamed[edges[edge + edgeType]] || owners.has(to)) continue;
      owners.set(to, `${strings[nodes[at + name]]}.${strings[edges[edge + edgeName]]}`);
    }
  }
  return owners;
}
