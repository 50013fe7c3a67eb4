// Whether something grows: a straight line through its samples, and how sure that is.

/** What a standard error is multiplied by: of ten kinds that are level, one in a hundred runs takes one for growing. */
const SURE = 3;

/**
 * @param {[number, number][]} points Minutes and values.
 * @param {number} minutes For how long the line is drawn on.
 * @param {number} meant A gain up to this is none, however sure.
 */
export function growthOf(points, minutes, meant) {
  const count = points.length;
  const mean = (of) => points.reduce((sum, point) => sum + of(point), 0) / count;
  const [meanX, meanY] = [mean(([x]) => x), mean(([, y]) => y)];
  const spreadX = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spreadX;
  const rests = points.map(([x, y]) => y - meanY - slope * (x - meanX));
  const rest = rests.reduce((sum, one) => sum + one ** 2, 0);
  const error = Math.sqrt((rest / Math.max(count - 2, 1) / spreadX) * inflation(rests, rest));
  const [gain, noise] = [slope * minutes, SURE * error * minutes];
  return { mean: meanY, gain, noise, grows: gain > noise && gain > meant };
}

/**
 * By how much the variance of a slope is larger than that of as many samples that know nothing of each other. What is in the chat's lines now is
 * mostly what was in them ten seconds ago: a wander over minutes looks like a slope. As for a process of first order: (1 + r) / (1 − r),
 * with the correlation r of neighbours.
 */
function inflation(rests, rest) {
  if (rest === 0) return 1;
  const neighbours = rests.slice(1).reduce((sum, one, at) => sum + one * rests[at], 0);
  const r = Math.min(Math.max(neighbours / rest, 0), 0.95);
  return (1 + r) / (1 - r);
}
