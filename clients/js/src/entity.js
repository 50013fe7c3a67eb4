// One entity as a client sees it.

/** The components of an entity that the client knows, by name, and the course that it is shown on. */
export class EntityView {
  /** Its course, and the tick of the snapshot that told it; null while there is none. */
  course = null;
  /** Its components by name: `Health`, `Appearance` and so on. What it does not have is missing. */
  components = {};

  /** Its position at a tick, by dead reckoning; null while nothing says where it is. */
  positionAt(tick) {
    if (!this.course) return null;
    return this.course.course.after(Math.max(0, tick - this.course.tick));
  }

  /** The direction in which it looks; null while nothing says so. */
  get facing() {
    return this.course ? this.course.course.facing : null;
  }

  /** What kind of entity it is; null while nothing says so. */
  get kind() {
    return this.components.Appearance?.kind ?? null;
  }

  /** Its name; empty if it has none. */
  get name() {
    return this.components.Label?.name ?? "";
  }

  /** Whether any of these bits of `Status.flags` is set. */
  hasStatus(bits) {
    return ((this.components.Status?.flags ?? 0) & bits) !== 0;
  }

  /** Whether it has health and none is left. */
  get isDead() {
    return this.components.Health?.current === 0;
  }
}
