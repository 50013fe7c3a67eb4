// What the player sees: the entities as of the newest snapshot.

import { EntityView } from "./entity.js";
import { SnapshotAck } from "./frame.js";
import { Course } from "./movement/course.js";
import { readFrame, readHead } from "./snapshot.js";

/** The entities in view, as of the newest applied snapshot. */
export class WorldView {
  #entities = new Map();
  #ack = new SnapshotAck();
  #own;
  #head;
  #unknownEntities = 0;
  #viewpoint = null;

  /**
   * A view of nothing yet.
   * @param {number} [own] The client's own entity; 0 for a spectator, who has none.
   * @param {number} [tick] The tick in which it was welcomed.
   */
  constructor(own = 0, tick = 0) {
    this.#own = own;
    this.#head = { tick, last_command: 0, buffered_commands: 0 };
  }

  /**
   * Applies the body of a snapshot. Answers its head, or null if it is not newer than the newest applied one.
   *
   * Throws a `ProtocolError` (`Head` or `Snapshot`) when it is cut short or illegal. Then nothing is changed.
   * @param {Uint8Array} body
   * @returns {import("./snapshot.js").Head | null}
   */
  apply(body) {
    if (readHead(body, this.#head).tick <= this.tick) return null;
    const { head, changes } = readFrame(body, this.#head);
    for (const change of changes) this.#change(change, head.tick);
    this.#ack.note(head.tick);
    this.#head = head;
    return head;
  }

  /** An entity in view; null if none has this id. */
  entity(id) {
    return this.#entities.get(id) ?? null;
  }

  /** The ids and the entities in view. */
  entities() {
    return this.#entities.entries();
  }

  /** Where an entity is at the tick of the newest snapshot; null if nothing says so. The own one's place is exact. */
  positionOf(id) {
    return this.entity(id)?.positionAt(this.tick) ?? null;
  }

  /** Where a spectator looks, in units; null for players, and before the first snapshot. */
  get viewpoint() {
    return this.#viewpoint;
  }

  /** The tick of the newest applied snapshot; 0 before the first. */
  get tick() {
    return this.#ack.newest;
  }

  /** The head of the newest applied snapshot. */
  get head() {
    return this.#head;
  }

  /** The snapshots to acknowledge. */
  get ack() {
    return this.#ack.copy();
  }

  /** How often the server updated an entity that it had never announced, which it promises not to do. */
  get unknownEntities() {
    return this.#unknownEntities;
  }

  #change(change, tick) {
    switch (change.type) {
      case "Own":
        if (this.#own === 0) this.#viewpoint = change.position;
        else this.#reach(this.#own).course = { tick, course: new Course(change.position, change.facing) };
        break;
      case "Despawn":
        this.#entities.delete(change.entity);
        break;
      case "Entity":
        this.#meet(change);
        break;
      case "Course":
        this.#reach(change.entity).course = { tick, course: change.course };
        break;
      case "Component":
        this.#reach(change.entity).components[change.name] = change.value;
        break;
      case "Remove":
        delete this.#reach(change.entity).components[change.name];
        break;
    }
  }

  #meet({ entity, isNew }) {
    if (!isNew && !this.#entities.has(entity)) this.#unknownEntities += 1;
    const view = this.#reach(entity);
    if (!isNew) return;
    // Where the own entity is was told before.
    if (entity !== this.#own) view.course = null;
    view.components = {};
  }

  #reach(id) {
    let view = this.#entities.get(id);
    if (!view) {
      view = new EntityView();
      this.#entities.set(id, view);
    }
    return view;
  }
}
