// What is read from map files.

import assert from "node:assert/strict";
import { test } from "node:test";

import { besides } from "../src/assets.js";
import { frameAt, readCsv, splitGid, tileOfGid } from "../src/scene/tiled.js";

test("a tile's number says how it lies", () => {
  assert.deepEqual(splitGid(5), { gid: 5, flipX: false, flipY: false, diagonal: false });
  assert.deepEqual(splitGid(0x80000000 + 7), { gid: 7, flipX: true, flipY: false, diagonal: false });
  assert.deepEqual(splitGid(0x50000000 + 7), { gid: 7, flipX: false, flipY: true, diagonal: false });
  assert.deepEqual(splitGid(0x20000000 + 7), { gid: 7, flipX: false, flipY: false, diagonal: true });
  assert.deepEqual(splitGid(0xe0000000 + 7), { gid: 7, flipX: true, flipY: true, diagonal: true });
});

test("layers are read from lists of numbers", () => {
  assert.deepEqual([...readCsv("\n1,2,\n3,2147483652\n", 4)], [1, 2, 3, 2147483652]);
  assert.deepEqual([...readCsv("1,2", 4)], [1, 2, 0, 0], "what is missing is empty");
  assert.deepEqual([...readCsv("1,2,3,4,5", 4)], [1, 2, 3, 4], "what is too much is left out");
});

test("a tile is of the last tileset that begins before it", () => {
  const tilesets = [{ firstGid: 1 }, { firstGid: 17 }];
  assert.equal(tileOfGid(tilesets, 0), null);
  assert.deepEqual(tileOfGid(tilesets, 16), { tileset: tilesets[0], id: 15 });
  assert.deepEqual(tileOfGid(tilesets, 17), { tileset: tilesets[1], id: 0 });
});

test("animations go around", () => {
  const frames = [
    { tile: 12, ms: 100 },
    { tile: 30, ms: 50 },
  ];
  assert.deepEqual(
    [0, 99, 100, 149, 150, 260].map((at) => frameAt(frames, at)),
    [12, 12, 30, 30, 12, 30],
  );
});

test("files are named from where another one lies", () => {
  assert.equal(besides("maps/1_greenvale.tmx", "tileset.tsx"), "maps/tileset.tsx");
  assert.equal(besides("maps/a/b.tmx", "../tileset.png"), "maps/tileset.png");
});
