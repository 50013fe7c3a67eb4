// What maps are called.

/** The names of the maps that are played now, by their numbers. `channels` are those of the map servers. */
export const mapNames = (channels) =>
  new Map(channels.filter((one) => one.map_name).map((one) => [one.map_id, one.map_name]));

/** What a map is called; 0 is none. */
export const mapName = (names, id) => (id ? (names.get(id) ?? `Map ${id}`) : "–");
