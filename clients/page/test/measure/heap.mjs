// What the page has in memory, by kind: from a snapshot of its heap, and from all of its canvases.

import { classesOf } from "./classes.mjs";

/** Kinds by the types of V8's snapshots. Whatever is of no other type is `rest`. */
const KINDS = {
  objects: ["object", "number", "bigint", "symbol", "regexp"],
  closures: ["closure"],
  strings: ["string", "concatenated string", "sliced string"],
  arrays: ["array"],
  elements: ["native"],
  shapes: ["object shape"],
};
/** Compiled code, and what V8 has learned for it: it grows for as long as V8 finds more to compile, and nobody's page can let go of it. */
const CODE = "code";
const BYTES_OF_PIXEL = 4;

/** @typedef {{ count: number, bytes: number }} Amount */

/**
 * All that is there after a collection: what is the page's by kind and, where it is an object or an array, in bytes by class; V8's code
 * beside it.
 * @returns {Promise<{ own: Record<string, Amount>, classes: Record<string, number>, code: Amount }>}
 */
export async function memoryOf(devtools) {
  const snapshot = await snapshotOf(devtools);
  const { own, code } = amountsOf(snapshot);
  return { own: { ...own, pixels: await pixelsOf(devtools) }, classes: classesOf(snapshot), code };
}

/** Takes a snapshot of the heap, which collects what is garbage first. */
async function snapshotOf(devtools) {
  const chunks = [];
  const hear = ({ chunk }) => chunks.push(chunk);
  devtools.on("HeapProfiler.addHeapSnapshotChunk", hear);
  await devtools.send("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
  devtools.off("HeapProfiler.addHeapSnapshotChunk", hear);
  return JSON.parse(chunks.join(""));
}

/** What a snapshot's nodes are, added up. */
export function amountsOf({ snapshot: { meta }, nodes }) {
  const [type, size] = ["type", "self_size"].map((name) => meta.node_fields.indexOf(name));
  const typeNames = meta.node_types[type];
  const kindOf = (name) => Object.keys(KINDS).find((kind) => KINDS[kind].includes(name)) ?? "rest";
  const own = Object.fromEntries([...Object.keys(KINDS), "rest"].map((kind) => [kind, { count: 0, bytes: 0 }]));
  const code = { count: 0, bytes: 0 };
  const amounts = typeNames.map((name) => (name === CODE ? code : own[kindOf(name)]));
  for (let at = 0; at < nodes.length; at += meta.node_fields.length) {
    const amount = amounts[nodes[at + type]];
    amount.count += 1;
    amount.bytes += nodes[at + size];
  }
  return { own, code };
}

/** Canvases, whether they are in the document or not, with their pixels: those are in no heap. */
async function pixelsOf(devtools) {
  const objectGroup = "canvases";
  const { result } = await devtools.send("Runtime.evaluate", { expression: "HTMLCanvasElement.prototype", objectGroup });
  const { objects } = await devtools.send("Runtime.queryObjects", { prototypeObjectId: result.objectId, objectGroup });
  const counted = await devtools.send("Runtime.callFunctionOn", {
    objectId: objects.objectId,
    functionDeclaration: `function () {
      return { count: this.length, pixels: this.reduce((sum, { width, height }) => sum + width * height, 0) };
    }`,
    returnByValue: true,
  });
  await devtools.send("Runtime.releaseObjectGroup", { objectGroup });
  const { count, pixels } = counted.result.value;
  return { count, bytes: pixels * BYTES_OF_PIXEL };
}
