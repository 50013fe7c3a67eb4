// What things in the world are called.

/** The name of an entity in view; empty for none. */
export function nameOf(session, entity) {
  if (!entity) return "";
  if (entity.name) return entity.name;
  const { content } = session;
  const { kind, definition } = entity.components.Appearance ?? {};
  if (kind === "Mob") return content.mobs[definition]?.name ?? "Creature";
  if (kind === "GroundItem") return content.items[definition]?.name ?? "Something";
  if (kind === "GroundGold") return `${entity.components.GoldAmount?.gold ?? ""} gold`.trim();
  return kind === "Vendor" ? "Vendor" : "";
}

/** What the player's language calls an entity in a sentence: "a wolf", "the Barrow King", "Brenna". */
export function inSentence(session, entity) {
  const name = nameOf(session, entity);
  return entity?.components.Appearance?.kind === "Mob" ? withArticle(name) : name;
}

/** A kind's name with its article; names that have one of their own keep it. */
export function withArticle(name) {
  if (name.startsWith("The ")) return `the ${name.slice(4)}`;
  return `${/^[aeiou]/i.test(name) ? "an" : "a"} ${name.toLowerCase()}`;
}

/** With a capital letter, as sentences begin. */
export function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What is known of the kind of a mob; null for everybody else. */
export function mobOf({ content }, entity) {
  return entity?.kind === "Mob" ? (content.mobs[entity.components.Appearance?.definition] ?? null) : null;
}

/** An item definition's name. */
export function itemName(session, definition) {
  return session.content.item(definition)?.name ?? definition.replaceAll("_", " ");
}

/** How far an entity is away from the player, in units; infinite where it is not known. */
export function distanceTo(player, id) {
  const [own, at] = [player.place(), player.place(id)];
  return own && at ? Math.hypot(own.x - at.x, own.y - at.y) : Infinity;
}

/** The sheet that shows an entity. */
export function sheetOf(session, assets, entity) {
  const { kind, definition } = entity.components.Appearance ?? {};
  const path = {
    Player: () => `pictures/characters/${session.content.classes[definition]?.id}.png`,
    Mob: () => `pictures/mobs/${session.content.mobs[definition]?.id}.png`,
    Vendor: () => "pictures/vendors/vendor.png",
  }[kind]?.();
  if (path && assets.url(path)) return path;
  return kind === "Mob" ? "pictures/mobs/creature.png" : "pictures/characters/adventurer.png";
}
