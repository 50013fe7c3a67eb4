// Directions as one of 256 steps of a circle: 0 is east, 64 south, 128 west, 192 north.

/**
 * The sine of a quarter turn in 64 steps, times 16,384 and rounded. A table and not a function, so that every language
 * computes the same movement.
 */
const QUARTER_SINE = [
  0, 402, 804, 1205, 1606, 2006, 2404, 2801, 3196, 3590, 3981, 4370, 4756, 5139, 5520, 5897, 6270, 6639, 7005, 7366,
  7723, 8076, 8423, 8765, 9102, 9434, 9760, 10080, 10394, 10702, 11003, 11297, 11585, 11866, 12140, 12406, 12665, 12916,
  13160, 13395, 13623, 13842, 14053, 14256, 14449, 14635, 14811, 14978, 15137, 15286, 15426, 15557, 15679, 15791, 15893,
  15986, 16069, 16143, 16207, 16261, 16305, 16340, 16364, 16379, 16384,
];

/** What the unit vectors are multiplied by. */
const ONE = 16384;

const SINE = Int32Array.from({ length: 256 }, (_, step) => {
  const at = step & 63;
  return [QUARTER_SINE[at], QUARTER_SINE[64 - at], -QUARTER_SINE[at], -QUARTER_SINE[64 - at]][step >> 6];
});

/** The unit vector of a direction, times 16,384. */
export function vector(angle) {
  return { x: SINE[(angle + 64) & 255], y: SINE[angle & 255] };
}

/**
 * The vector of length `units` in a direction, rounded to the nearest unit, halves away from zero.
 * @returns {{ dx: number, dy: number }}
 */
export function scaled(angle, units) {
  const { x, y } = vector(angle);
  return { dx: rounded(x * units), dy: rounded(y * units) };
}

function rounded(product) {
  // Adding 0 makes a negative zero a plain one.
  return Math.trunc((product + Math.sign(product) * (ONE / 2)) / ONE) + 0;
}

/** Number of parts into which the slope from 0 to 1, an eighth of the circle, is divided. */
const EIGHTH_PARTS = 256;

/** The nearest step for each part of the slope. */
const STEPS = Uint8Array.from({ length: EIGHTH_PARTS + 1 }, (_, part) => {
  // Half way to the next step, the slope is the sum of both sines over the sum of both cosines.
  const isBefore = (step) =>
    (QUARTER_SINE[step] + QUARTER_SINE[step + 1]) * EIGHTH_PARTS <
    part * (QUARTER_SINE[64 - step] + QUARTER_SINE[63 - step]);
  let step = 0;
  while (step < 32 && isBefore(step)) step += 1;
  return step;
});

/**
 * The direction that is nearest to the one from a point to another; east if they are equal. Of two equally near the
 * lesser number.
 */
export function angleBetween(from, to) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const [across, down] = [Math.abs(dx), Math.abs(dy)];
  const longer = Math.max(across, down);
  if (longer === 0) return 0;
  const inEighth = STEPS[Math.floor((Math.min(across, down) * EIGHTH_PARTS) / longer)];
  const inQuarter = across >= down ? inEighth : 64 - inEighth;
  let guess = dx >= 0 ? inQuarter : 128 - inQuarter;
  if (dy < 0) guess = -guess;
  const dot = (step) => dx * SINE[(step + 64) & 255] + dy * SINE[step];
  // The guess is at most one step off.
  const near = [guess - 1, guess, guess + 1].map((step) => step & 255).sort((a, b) => a - b);
  return near.reduce((best, step) => (dot(step) > dot(best) ? step : best));
}

/** Number of steps between two directions, the shorter way round: 0 to 128. */
export function angleDifference(a, b) {
  const apart = (a - b) & 255;
  return Math.min(apart, 256 - apart);
}

/** The opposite direction. */
export function oppositeAngle(angle) {
  return (angle + 128) & 255;
}
