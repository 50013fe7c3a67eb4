// What is read from map files.

import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync, gzipSync } from "node:zlib";

import { besides } from "../src/assets.js";
import { movingCells, tilePiece, UPRIGHT } from "../src/scene/pieces.js";
import { extentOf, readCsv } from "../src/scene/tile-layers.js";
import { frameAt, partOf, reachOf, readMap, readTileset, splitGid, tileOfGid } from "../src/scene/tiled.js";
import { parseXml } from "./testing/xml.js";

/** A map of two tiles with this in it. */
function mapOf(content) {
  return readMap(parseXml(`<?xml version="1.0"?><map width="2" height="1" tilewidth="16">${content}</map>`));
}

const layer = (name, attributes = "") =>
  `<layer name="${name}" width="2" height="1" ${attributes}><data encoding="csv">1,2</data></layer>`;

function tilesetOf(attributes, content = "") {
  const { documentElement } = parseXml(`<tileset name="t" ${attributes}>${content}</tileset>`);
  return { firstGid: 1, source: "t.tsx", picture: null, ...readTileset(documentElement) };
}

/** A tileset of two images, which are loaded: a tree of 3 × 4 tiles and a stone of half a tile. */
function collection() {
  const [tree, stone] = ["tree.png", "stone.png"].map((source) => `<image source="${source}"/>`);
  const tileset = tilesetOf('columns="0" tilecount="2"', `<tile id="3">${tree}</tile><tile id="9">${stone}</tile>`);
  tileset.images.get(3).picture = { width: 48, height: 64 };
  tileset.images.get(9).picture = { width: 8, height: 8 };
  return tileset;
}

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

/** Numbers in every format of Tiled's: the attributes of `data`, and what is in it or in a chunk. */
function formatsOf(gids) {
  const bytes = Buffer.from(new Uint32Array(gids).buffer);
  const base64 = (packed) => `\n   ${packed.toString("base64")}\n  `;
  return [
    ["", gids.map((gid) => (gid === 0 ? "<tile/>" : `<tile gid="${gid}"/>`)).join("")],
    ['encoding="csv"', gids.join(",")],
    ['encoding="base64"', base64(bytes)],
    ['encoding="base64" compression="gzip"', base64(gzipSync(bytes))],
    ['encoding="base64" compression="zlib"', base64(deflateSync(bytes))],
  ];
}

test("layers are read in every format", async () => {
  for (const [attributes, text] of formatsOf([7, 0x80000002])) {
    const { layers } = await mapOf(`<layer name="a" width="2" height="1"><data ${attributes}>${text}</data></layer>`);
    assert.deepEqual([...layers[0].gids], [7, 0x80000002], attributes);
  }
});

test("a layer takes no more of a stream than its tiles, and one that cannot be read is an error", async () => {
  const read = (attributes, text) => mapOf(`<layer name="a"><data ${attributes}>${text}</data></layer>`);
  for (const [attributes, text] of formatsOf(Array.from({ length: 100_000 }, (_, at) => at))) {
    const { layers } = await read(attributes, text);
    assert.deepEqual([...layers[0].gids], [0, 1], attributes);
  }
  for (const [attributes, text] of formatsOf([3])) {
    const { layers } = await read(attributes, text);
    assert.deepEqual([...layers[0].gids], [3, 0], attributes);
  }
  await assert.rejects(read('encoding="base64" compression="zlib"', "AAAA"));
  await assert.rejects(read('encoding="base64" compression="zstd"', "AAAA"));
  await assert.rejects(read('encoding="base64"', "*"));
});

test("an infinite map is the rectangle around its chunks", () => {
  const chunk = (x, y, width, height) => ({ x, y, width, height });
  assert.deepEqual(extentOf([chunk(-16, 32, 16, 16)]), chunk(-16, 32, 16, 16));
  assert.deepEqual(extentOf([chunk(0, 0, 16, 8), chunk(-5, 4, 2, 2), chunk(1, -3, 1, 20)]), chunk(-5, -3, 21, 20));
  assert.deepEqual(extentOf([]), chunk(0, 0, 0, 0));
});

test("the chunks of an infinite map lie together, and vendors move with them", async () => {
  const chunk = (x, y, text) => `<chunk x="${x}" y="${y}" width="2" height="1">${text}</chunk>`;
  const [west, hidden, empty] = [formatsOf([1, 2]), formatsOf([3, 4]), formatsOf([0x80000000, 0])];
  for (const [at, [attributes, text]] of west.entries()) {
    const seen = `<layer name="a"><data ${attributes}>${chunk(-2, -1, text)}${chunk(99, 99, empty[at][1])}</data></layer>`;
    const invisible = `<layer visible="0"><data ${attributes}>${chunk(0, 0, hidden[at][1])}</data></layer>`;
    const vendor = '<objectgroup><object type="vendor" x="-24" y="8"/></objectgroup>';
    const map = `<map infinite="1" width="30" height="20" tilewidth="16">${seen}${invisible}${vendor}</map>`;
    const { width, height, layers, vendors } = await readMap(parseXml(map));
    assert.deepEqual([width, height], [4, 2], `${attributes}: invisible layers count, chunks without a tile do not`);
    assert.deepEqual(layers.map(({ gids }) => [...gids]), [[1, 2, 0, 0, 0, 0, 0, 0]]);
    assert.deepEqual(vendors, [{ id: "", x: 8, y: 24 }]);
  }
  await assert.rejects(readMap(parseXml('<map infinite="1" width="30" height="20" tilewidth="16"></map>')));
});

test("an embedded tileset is read with the map", async () => {
  const image = '<image source="t.png" width="32" height="16"/>';
  const tileset = `<tileset firstgid="5" name="t" tilewidth="16" tileheight="16" tilecount="2" columns="2">${image}</tileset>`;
  const { tilesets } = await mapOf(tileset);
  const { firstGid, source, image: picture, columns, tileCount } = tilesets[0];
  assert.deepEqual([firstGid, source, picture, columns, tileCount], [5, null, "t.png", 2, 2]);
});

test("a tile is of the last tileset that begins before it", () => {
  const tilesets = [{ firstGid: 1 }, { firstGid: 17 }];
  assert.equal(tileOfGid(tilesets, 0), null);
  assert.deepEqual(tileOfGid(tilesets, 16), { tileset: tilesets[0], id: 15 });
  assert.deepEqual(tileOfGid(tilesets, 17), { tileset: tilesets[1], id: 0 });
});

test("a tileset that has grown ends where the next one begins", async () => {
  const { tilesets } = await mapOf('<tileset firstgid="1" source="a.tsx"/><tileset firstgid="3" source="b.tsx"/>');
  tilesets[0].tileCount = 9;
  assert.deepEqual(
    [2, 3, 8].map((gid) => tileOfGid(tilesets, gid).tileset.source),
    ["a.tsx", "b.tsx", "b.tsx"],
  );
});

test("layers in groups are drawn in the order of the file", async () => {
  const inner = `<group name="inner">${layer("walls")}</group>`;
  const { layers } = await mapOf(`${layer("ground")}<group name="outer">${inner}${layer("roofs")}</group>${layer("sky")}`);
  assert.deepEqual(
    layers.map(({ name, gids }) => [name, ...gids]),
    ["ground", "walls", "roofs", "sky"].map((name) => [name, 1, 2]),
  );
});

test("a group hides its layers, and its opacity is theirs", async () => {
  const { layers } = await mapOf(`<group opacity="0.5">
    <group visible="0">${layer("a")}</group>
    <group visible="1" opacity="0.5">${layer("b")}${layer("c", 'opacity="0.5"')}${layer("d", 'visible="0"')}</group>
    ${layer("e")}</group>`);
  assert.deepEqual(
    layers.map(({ name, opacity }) => [name, opacity]),
    [
      ["b", 0.25],
      ["c", 0.125],
      ["e", 0.5],
    ],
  );
});

test("vendors in groups are known, also in those that are hidden", async () => {
  const vendor = (id, type) => `<object ${type}="vendor" x="8" y="24"><properties>
    <property name="vendor" value="${id}"/></properties><point/></object>`;
  const { vendors } = await mapOf(`<objectgroup>${vendor("smith", "type")}</objectgroup><group visible="0"><group>
    <objectgroup>${vendor("cook", "class")}<object type="spawn" x="1" y="2"/></objectgroup></group></group>`);
  assert.deepEqual(vendors, [
    { id: "smith", x: 8, y: 24 },
    { id: "cook", x: 8, y: 24 },
  ]);
});

test("tiles are cut from a sheet with its spacing and margin", () => {
  const size = 'tilewidth="16" tileheight="16" columns="8"';
  const plain = { ...tilesetOf(size, '<image source="t.png"/>'), picture: { width: 128 } };
  const at = (tileset, id) => {
    const { x, y, width, height } = partOf(tileset, id);
    return [x, y, width, height];
  };
  assert.deepEqual(at(plain, 9), [16, 16, 16, 16]);
  const spaced = { ...tilesetOf(`${size} spacing="1" margin="2"`), picture: { width: 139 } };
  assert.deepEqual([at(spaced, 0), at(spaced, 9), at(spaced, 23)], [
    [2, 2, 16, 16],
    [19, 19, 16, 16],
    [121, 36, 16, 16],
  ]);
});

test("tiles of a sheet may be larger than those of the map", () => {
  const size = 'tilewidth="16" tileheight="48" columns="2" spacing="2"';
  const tileset = { ...tilesetOf(size, '<image source="t.png"/>'), picture: { width: 34 } };
  const { x, y, width, height } = tilePiece({ tileset, id: 3 }, UPRIGHT, 16, { x: 64, y: 320 });
  assert.deepEqual([x, y, width, height], [64, 256, 32, 96], "the lower left corner is that of the place");
  assert.deepEqual([partOf(tileset, 3).x, partOf(tileset, 3).y], [18, 50]);
  assert.equal(reachOf({ tileSize: 16, tilesets: [tileset] }), 2);
});

test("each tile of a collection has a picture of its own", () => {
  const tileset = collection();
  assert.deepEqual([...tileset.images.values()].map(({ source }) => source), ["tree.png", "stone.png"]);
  const tree = { picture: tileset.images.get(3).picture, x: 0, y: 0, width: 48, height: 64 };
  assert.deepEqual(partOf(tileset, 3), tree);
  assert.equal(partOf(tileset, 4), null, "there is no such tile");
  assert.equal(partOf(tilesetOf("", '<tile id="0"/>'), 0), null, "there is no picture");
});

test("a picture lies on the lower left corner of its place, turned or not", () => {
  const tileset = collection();
  const lies = (id, flags) => {
    const { x, y, width, height } = tilePiece({ tileset, id }, flags, 16, { x: 320, y: 640 });
    return [x, y, width, height];
  };
  assert.deepEqual(lies(3, UPRIGHT), [320, 672 - 128, 96, 128]);
  assert.deepEqual(lies(3, { ...UPRIGHT, diagonal: true }), [320, 672 - 96, 128, 96], "height and width are exchanged");
  assert.deepEqual(lies(9, UPRIGHT), [320, 672 - 16, 16, 16]);
  tileset.offset = { x: 4, y: -2 };
  assert.deepEqual(lies(9, UPRIGHT), [328, 672 - 16 - 4, 16, 16], "the tileset's offset is in pixels of its pictures");
});

test("a drawing offset is read, and how far pictures reach is known", () => {
  const moved = tilesetOf("", '<tileoffset x="3" y="-17"/>');
  assert.deepEqual(moved.offset, { x: 3, y: -17 });
  assert.deepEqual(tilesetOf("").offset, { x: 0, y: 0 });
  assert.equal(reachOf({ tileSize: 16, tilesets: [] }), 0);
  assert.equal(reachOf({ tileSize: 16, tilesets: [tilesetOf("")] }), 0);
  assert.equal(reachOf({ tileSize: 16, tilesets: [tilesetOf(""), collection()] }), 3, "64 pixels are three more than 16");
  assert.equal(reachOf({ tileSize: 16, tilesets: [moved] }), 2);
});

test("where something moves all that is seen there is drawn again", () => {
  const tileset = collection();
  const place = (id, x, y) => tilePiece({ tileset, id }, UPRIGHT, 16, { x: x * 32, y: y * 32 });
  const [ground, far, over] = [place(9, 0, 5), place(9, 9, 9), place(3, 0, 6)];
  assert.deepEqual(movingCells([ground, far, over], 16), []);
  const water = { ...ground, frames: [{ tile: ground, ms: 10 }] };
  const [cell, ...others] = movingCells([water, far, over], 16);
  assert.deepEqual(others, []);
  assert.deepEqual([cell.x, cell.y, cell.pieces, cell.isCut], [0, 160, [water, over], true]);
  const tree = { ...over, frames: [{ tile: over, ms: 10 }] };
  assert.equal(movingCells([tree, far], 16).length, 12, "a tree of 3 × 4 tiles moves in all of them");
  const outside = { ...tree, x: -64, frames: [{ tile: { ...over, x: -64 }, ms: 10 }] };
  assert.equal(movingCells([outside], 16).length, 4, "what lies beyond the chunk is another one's");
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
