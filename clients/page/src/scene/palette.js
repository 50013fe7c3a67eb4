// Colours that mean something. Those for the colour-blind differ in brightness as well as in hue.

const DEFAULT = {
  own: "#f6e7b0",
  party: "#6fb7ff",
  player: "#e9ead9",
  foe: "#f0604d",
  calm: "#f1d36b",
  vendor: "#f3c969",
  health: "#6cc24a",
  foeHealth: "#d8453a",
  cast: "#f0b54a",
  dealt: "#ffffff",
  overTime: "#ffb866",
  taken: "#ff5a4a",
  heal: "#7dea74",
  experience: "#c79bff",
  gold: "#ffd75e",
  word: "#f3e9cf",
  danger: "#ff4a3a",
  blessing: "#79e08a",
  harm: "#ffb347",
};

const COLOUR_BLIND = {
  ...DEFAULT,
  party: "#56b4e9",
  foe: "#e66100",
  calm: "#f0e442",
  health: "#56b4e9",
  foeHealth: "#d55e00",
  taken: "#ff7a1a",
  heal: "#7cc8ff",
  danger: "#e66100",
  blessing: "#56b4e9",
  harm: "#f0e442",
};

/** @param {string} name The setting `palette`. */
export function paletteOf(name) {
  return name === "colour-blind" ? COLOUR_BLIND : DEFAULT;
}
