// However long somebody plays, and whatever a server names: what is kept of it has a bound.

import assert from "node:assert/strict";
import { resolveObjectURL } from "node:buffer";
import { test } from "node:test";

import { Assets } from "../src/assets.js";
import { Bubbles } from "../src/scene/bubbles.js";
import { Floaters } from "../src/scene/effects.js";
import { Kept } from "../src/scene/kept.js";
import { Labels } from "../src/scene/labels.js";
import { drawPlaces } from "../src/scene/places.js";
import { shadowOf } from "../src/scene/shadows.js";
import { Sheet } from "../src/scene/sheets.js";

/** All canvases that were made, with what the page reads of them. */
const made = [];

class Canvas {
  [Symbol.toStringTag] = "canvas";
  width = 300;
  height = 150;

  getContext() {
    const answers = {
      measureText: (text) => ({ width: text.length * 7 }),
      getImageData: (_left, _top, width, height) => ({ data: new Uint8ClampedArray(width * height * 4) }),
      createRadialGradient: () => ({ addColorStop() {} }),
    };
    return new Proxy({}, { get: (_, name) => answers[name] ?? (() => {}), set: () => true });
  }
}

globalThis.document = {
  createElement() {
    made.push(new Canvas());
    return made.at(-1);
  },
};

/** How many canvases still have pixels, of those made since there were so many. */
function withPixels(since) {
  return made.slice(since).filter(({ width }) => width > 0).length;
}

/** What those read of a frame who draw in the tests. */
function frameAt(nowMs, more = {}) {
  return { nowMs, textSize: 12, camera: { x: 0, y: 0, zoom: 2 }, isStill: false, ...more };
}

test("of what is kept, the one that was wanted last stays, and what goes has no pixels any more", () => {
  const kept = new Kept(2);
  const canvases = Array.from({ length: 9 }, (_, at) => ({ at, width: 8 }));
  for (const canvas of canvases) {
    kept.set(canvas.at, canvas);
    assert.equal(kept.get(0), canvases[0], "the first one is wanted each time");
    const gone = canvases.filter(({ width }) => width === 0);
    assert.ok(canvas.at + 1 - gone.length <= 4, `of ${canvas.at + 1} only ${gone.length} are gone`);
  }
  assert.equal(kept.get(1), undefined, "nobody has wanted it since");
  assert.equal(canvases[1].width, 0);
  assert.equal(canvases[0].width, 8);
  kept.clear();
  assert.equal(kept.get(0), undefined);
  assert.ok(canvases.every(({ width }) => width === 0));
});

test("after thousands of names those in view have their labels, and hundreds of others at most", () => {
  const [labels, since] = [new Labels(), made.length];
  const stays = labels.get("Vera  18", "#fff", 12);
  for (let frame = 0; frame < 5_000; frame += 1) {
    labels.sweep(frame * 16);
    labels.get(`Walker ${frame}  15`, "#fff", 12);
    assert.equal(labels.get("Vera  18", "#fff", 12), stays, "a label that is drawn is painted once");
    assert.ok(stays.width > 0, "and keeps its picture");
  }
  assert.ok(withPixels(since) <= 500, `${withPixels(since)} are kept`);
});

test("a name that nobody sees any more is let go within seconds", () => {
  const labels = new Labels();
  const label = labels.get("Ansel 9", "#fff", 12);
  labels.sweep(20_000);
  assert.ok(label.width > 0, "one moment out of view is none");
  labels.sweep(40_000);
  assert.equal(label.width, 0);
  assert.ok(labels.get("Ansel 9", "#fff", 12).width > 0, "who comes back has a new one");
});

test("what was got for a frame can be drawn in it, however many texts it has", () => {
  const [labels, since] = [new Labels(), made.length];
  for (let frame = 0; frame < 3; frame += 1) {
    labels.sweep(frame * 16);
    const got = Array.from({ length: 2_000 }, (_, at) => labels.get(`${frame} ${at}`, "#fff", 12));
    assert.ok(got.every(({ width }) => width > 0));
  }
  labels.clear();
  assert.equal(withPixels(since), 0, "a scene that is closed leaves none");
});

test("thousands of numbers that rise leave no more labels than are seen", () => {
  const context = document.createElement("canvas").getContext("2d");
  const [labels, floaters, since] = [new Labels(), new Floaters(), made.length];
  for (let blow = 0; blow < 5_000; blow += 1) {
    const nowMs = blow * 100;
    labels.sweep(nowMs);
    floaters.add({ text: String(blow), colour: "#ffd75e", x: 0, y: 0 }, nowMs);
    floaters.draw(context, frameAt(nowMs, { labels }));
  }
  assert.equal(made.length - since, 5_000, "each is painted, and once");
  const left = withPixels(since);
  assert.ok(left <= 250, `ten blows a second for twenty seconds are 200, not ${left}`);
});

test("numbers that rise at the same place never lie on each other", () => {
  for (const isStill of [false, true]) {
    const [labels, floaters, tops] = [new Labels(), new Floaters(), []];
    const context = { drawImage: (_label, _left, top) => tops.push(top) };
    for (const nowMs of [0, 0, 100, 350, 350, 900]) {
      const frame = frameAt(nowMs, { labels, isStill });
      floaters.draw(context, frame);
      floaters.add({ text: String(nowMs), colour: "#fff", x: 5, y: 9 }, nowMs);
      tops.length = 0;
      floaters.draw(context, frame);
      tops.sort((one, other) => one - other);
      const nearest = Math.min(...tops.slice(1).map((top, at) => top - tops[at]));
      assert.ok(nearest >= 8 * frame.camera.zoom, `${nearest} px apart at ${nowMs} ms, still: ${isStill}`);
    }
    assert.equal(tops.length, 6);
  }
});

test("somebody in every colour, shadows of every width and portals of every size are few pictures", () => {
  const sheet = new Sheet({ width: 384, height: 144 });
  const context = document.createElement("canvas").getContext("2d");
  const bounds = {
    colours: [6, (at) => sheet.drawTinted(context, 0, 0, 0, 0, `hsl(${at}, 50%, 50%)`)],
    widths: [61, (at) => shadowOf(at)],
    portals: [32, (at) => drawPlaces(context, [portal(at)], frameAt(0, { view: { x: 0, y: 0 }, effects: { strip: () => null } }))],
  };
  for (const [of, [most, draw]] of Object.entries(bounds)) {
    const since = made.length;
    for (let at = 0; at < 2_000; at += 1) draw(at);
    assert.ok(withPixels(since) > 0 && withPixels(since) <= most, `${of}: ${withPixels(since)}`);
  }
});

function portal(at) {
  return { kind: "Portal", x: 0, y: 0, width: (at + 1) * 1024, height: 2048 };
}

test("a page in the background hears thousands, and remembers few", () => {
  const bubbles = new Bubbles();
  const speakers = Array.from({ length: 3_000 }, (_, at) => speaker(at));
  for (const { entity } of speakers) bubbles.say(entity.name, "hello", 0);
  let asked = 0;
  const frame = { ...frameAt(0), room: { left: 0, right: 1280, bottom: 700 }, view: { x: 0, y: 0, width: 640, height: 360 } };
  frame.isInView = () => (asked += 1) > 0;
  frame.labels = new Labels();
  frame.palette = {};
  frame.party = new Set();
  assert.equal(bubbles.layOut(speakers, frame, () => 40).length, 3);
  assert.equal(asked, 64, "so many of them have something over the head");
});

function speaker(at) {
  return { id: at, kind: "Player", goneMs: null, isOwn: false, x: 100, y: 100, entity: { name: `Walker ${at}` } };
}

test("a picture that there is not is null at once, whatever it is called, and one that there is comes later", async () => {
  const assets = new Assets({ "pictures/items/sword.png": "/files/sword.png" });
  assert.equal(assets.ready("pictures/items/nothing.png"), null);
  assert.equal(await assets.picture("pictures/items/nothing.png"), null);
  assert.deepEqual([assets.ready("constructor"), await assets.picture("constructor")], [null, null]);
  globalThis.Image = class {
    async decode() {}
  };
  assert.equal(assets.ready("pictures/items/sword.png"), undefined, "it is on its way");
  const sword = await assets.picture("pictures/items/sword.png");
  assert.equal(assets.ready("pictures/items/sword.png"), sword);
});

test("small pictures come in one answer, and by their own addresses where it does not come", async () => {
  const files = { "a.png": "/assets/0/a.png", "b.png": "/assets/0/b.png" };
  const pack = { address: "/assets/0/small.pack", parts: [["a.png", 2], ["b.png", 1]] };
  globalThis.Image = class {
    async decode() {}
  };
  const addressesAfter = async (answer) => {
    globalThis.fetch = async () => answer;
    const assets = new Assets(files, undefined, {}, pack);
    const pictures = await Promise.all(["a.png", "b.png"].map((path) => assets.picture(path)));
    return pictures.map((picture) => picture.src);
  };
  const whole = await addressesAfter(new Response("aab"));
  assert.ok(whole.every((address) => address.startsWith("blob:")), `both are in the pack: ${whole}`);
  const contents = await Promise.all(whole.map((address) => resolveObjectURL(address).text()));
  assert.deepEqual(contents, ["aa", "b"]);
  for (const broken of [new Response("aa"), new Response("aab", { status: 404 })]) {
    assert.deepEqual(await addressesAfter(broken), Object.values(files), "each by itself");
  }
});
