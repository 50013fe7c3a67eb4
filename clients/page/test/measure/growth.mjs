// Whether something grows: a straight line through its samples, and how sure that is.

const MEANT_SHARE = 0.05;

/**
 * @param {[number, number][]} points Minutes and values.
 * @param {number} minutes For how long the line is drawn on.
 */
export function growthOf(points, minutes) {
  const count = points.length;
  const mean = (of) => points.reduce((sum, point) => sum + of(point), 0) / count;
  const [meanX, meanY] = [mean(([x]) => x), mean(([, y]) => y)];
  const spreadX = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spreadX;
  const rest = points.reduce((sum, [x, y]) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0);
  const error = Math.sqrt(rest / Math.max(count - 2, 1) / spreadX);
  const [gain, noise] = [slope * minutes, 2 * error * minutes];
  return { mean: meanY, gain, noise, grows: gain > noise && gain > MEANT_SHARE * meanY };
}
