// Small marks over heads for what somebody is under.

import { STATUS_FLAGS } from "../../../js/src/index.js";

/** Pictures of seven rows: `#` is the colour, `o` its shade. */
const MARKS = [
  {
    flag: STATUS_FLAGS.rooted,
    colour: "#8fd05a",
    rows: ["..#....", ".###.#.", "..#.###", "#.#..#.", "#.#.#..", ".###...", "..#...."],
  },
  {
    flag: STATUS_FLAGS.afflicted,
    colour: "#a6d34a",
    rows: ["...#...", "...#...", "..###..", ".##o##.", ".#ooo#.", ".##o##.", "..###.."],
  },
  {
    flag: STATUS_FLAGS.buffed,
    colour: "#ffd75e",
    rows: ["...#...", "..###..", ".#####.", "#######", "..#o#..", "..#o#..", "..###.."],
  },
  {
    flag: STATUS_FLAGS.enraged,
    colour: "#ff5a4a",
    rows: ["..###..", "..###..", "..###..", "...#...", "...#...", ".......", "...#..."],
  },
  {
    flag: STATUS_FLAGS.connection_lost,
    colour: "#c8c8d8",
    rows: ["#####..", "...#...", "..#....", ".#..###", "#####.#", ".....#.", "....###"],
  },
];
const SIZE = 9;
const painted = new Map();

/** The marks of an entity. */
export function marksOf(entity) {
  return entity.components.Status?.flags ? MARKS.filter(({ flag }) => entity.hasStatus(flag)) : [];
}

/** Draws marks side by side around a point. */
export function drawMarks(context, marks, x, y) {
  if (marks.length === 0) return;
  let left = x - Math.floor((marks.length * (SIZE + 1)) / 2);
  for (const mark of marks) {
    context.drawImage(pictureOf(mark), left, y - SIZE);
    left += SIZE + 1;
  }
}

function pictureOf(mark) {
  if (!painted.has(mark)) painted.set(mark, paint(mark));
  return painted.get(mark);
}

function paint({ colour, rows }) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [SIZE, SIZE];
  const context = canvas.getContext("2d");
  const each = (callback) => {
    rows.forEach((row, y) => [...row].forEach((pixel, x) => pixel !== "." && callback(x + 1, y + 1, pixel)));
  };
  context.fillStyle = "rgba(14, 11, 10, 0.9)";
  each((x, y) => context.fillRect(x - 1, y - 1, 3, 3));
  each((x, y, pixel) => {
    context.fillStyle = pixel === "o" ? "rgba(255, 255, 255, 0.8)" : colour;
    context.fillRect(x, y, 1, 1);
  });
  return canvas;
}
