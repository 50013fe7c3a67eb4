// Which sounds are played, how loud, on which side, and how many at once.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { Settings } from "../src/settings.js";
import { Ambience } from "../src/sound/ambience.js";
import { Library } from "../src/sound/library.js";
import { placeOf } from "../src/sound/place.js";
import { goRound } from "../src/sound/round.js";
import { GROUPS, Messages, OWN_CUES, cueOf, schoolOf } from "../src/sound/score.js";
import { MOST_VOICES, Repeats, Voices } from "../src/sound/voices.js";

const TILE = 1024;

function ability(id, shape, { range = 8, friendly = false } = {}) {
  return { id, shape, friendly, range: range * TILE };
}

test("an ability sounds like what it does", () => {
  const school = (...of) => schoolOf(ability(...of));
  assert.equal(school("strike", "Enemy", { range: 1.6 }), "swing");
  assert.equal(school("cleave", "Cone", { range: 2.2 }), "swing");
  assert.equal(school("poison_arrow", "Projectile"), "shot");
  assert.equal(school("fireball", "Projectile"), "bolt");
  assert.equal(school("smite", "Enemy"), "spell");
  assert.equal(school("grave_chill", "Ground"), "spell");
  assert.equal(school("mend", "Ally", { friendly: true }), "heal");
  assert.equal(school("sanctuary", "Ground", { friendly: true }), "heal");
  assert.equal(school("swiftness", "Own"), "ward");
});

test("an ability may have a sound of its own", () => {
  const cue = cueOf("used", { ability: ability("cleave", "Cone") });
  assert.equal(cue.name, "effects/swing");
  assert.equal(cue.instead, "abilities/cleave");
});

test("what happens to the own character sounds otherwise, and matters more", () => {
  const [own, other] = [cueOf("struck", { isOwn: true }), cueOf("struck")];
  assert.equal(own.name, "effects/hurt");
  assert.equal(other.name, "effects/hit");
  assert.ok(own.weight > other.weight);
  assert.equal(cueOf("fell", { isOwn: true }), null, "the own death has a sound of its own");
  assert.equal(cueOf("fell").name, "effects/fall");
});

test("every sound that can be asked for comes with the project", () => {
  const schools = ["shot", "bolt", "swing", "ward", "heal", "spell"].map((name) => `effects/${name}`);
  const happenings = ["struck", "burst", "fell", "stepped"].map((what) => cueOf(what).name);
  const names = [...schools, ...happenings, cueOf("struck", { isOwn: true }).name, ...Object.values(OWN_CUES).map(({ name }) => name)];
  for (const name of names) {
    assert.ok(existsSync(fileURLToPath(new URL(`../../../assets/sounds/${name}.mp3`, import.meta.url))), name);
  }
});

test("items and gold have a sound when they are new, and none when they move or are spent", () => {
  const messages = new Messages();
  const placed = (item) => messages.read({ type: "ItemPlaced", item: { item } });
  assert.equal(placed(1), null, "what is carried is not known yet");
  messages.read({ type: "Inventory", items: [{ item: 1 }], gold: 5n });
  assert.equal(placed(1), null, "it only moves");
  assert.equal(placed(2), "loot");
  assert.equal(placed(2), null);
  messages.read({ type: "ItemGone", item: 2 });
  assert.equal(placed(2), "loot", "it has come back");
  assert.equal(messages.read({ type: "Gold", total: 9n }), "gold");
  assert.equal(messages.read({ type: "Gold", total: 4n }), null, "it was spent");
  assert.equal(messages.read({ type: "Gold", total: 5n }), "gold");
});

test("a whisper has a sound, and talk of others has none", () => {
  const messages = new Messages();
  assert.equal(messages.read({ type: "Chat", scope: "Whisper" }), "message");
  assert.equal(messages.read({ type: "Chat", scope: "Channel" }), null);
  assert.equal(messages.read({ type: "NobodyKnowsIt" }), null);
});

test("what is near is loud, what is far is soft, and what is out of earshot is not played", () => {
  const gain = (dx, dy = 0) => placeOf(dx, dy)?.gain ?? 0;
  assert.equal(gain(0), 1);
  assert.equal(gain(32), 1, "beside the player");
  assert.ok(gain(100) > gain(200) && gain(200) > gain(300) && gain(300) > 0);
  assert.equal(gain(0, 300), gain(300), "in every direction");
  assert.equal(placeOf(448, 0), null);
  assert.equal(placeOf(NaN, 0), null);
});

test("sounds come from the side on which they are", () => {
  const pan = (dx) => placeOf(dx, 0).pan;
  assert.equal(pan(0), 0);
  assert.ok(pan(-100) < 0 && pan(100) > 0);
  assert.equal(pan(-100), -pan(100));
  assert.equal(pan(440), pan(400), "never from one side alone");
  assert.ok(pan(440) < 1);
});

test("never more than eight are played: the lightest gives way, and of several the oldest", () => {
  const voices = new Voices();
  const play = (weight, stays = false) => {
    const { hasRoom, ends } = voices.room(weight);
    if (hasRoom) voices.add({ weight, stays });
    assert.ok(voices.count <= MOST_VOICES, `${voices.count} at once`);
    return hasRoom ? ends : "none";
  };
  assert.equal(MOST_VOICES, 8);
  assert.equal(play(0.1, true), null, "the ambience");
  const weights = [0.5, 0.3, 0.9, 0.3, 0.5, 0.6, 0.7];
  for (const weight of weights) assert.equal(play(weight), null);
  assert.equal(play(0.2), "none", "all others matter more");
  assert.equal(play(0.4).weight, 0.3);
  assert.equal(play(0.4).weight, 0.3);
  assert.equal(play(0.4).weight, 0.4, "the oldest of those that weigh as much");
  for (let index = 0; index < 20; index += 1) assert.notEqual(play(2)?.stays, true, "the ambience gives way to none");
  assert.equal(voices.count, 8);
});

test("a sound that has ended makes room, and all but the ambience end together", () => {
  const voices = new Voices(2);
  const [first, second] = [{ weight: 1 }, { weight: Infinity, stays: true }];
  voices.add(first);
  voices.add(second);
  assert.deepEqual(voices.takeAll(), [first]);
  assert.deepEqual(voices.room(0), { hasRoom: true, ends: null });
  voices.remove(second);
  assert.equal(voices.count, 0);
});

test("the same sound is not played twice in a moment", () => {
  const repeats = new Repeats();
  assert.equal(repeats.isTooSoon("hit", 1000), false);
  assert.equal(repeats.isTooSoon("hit", 1020), true);
  assert.equal(repeats.isTooSoon("hurt", 1020), false, "another one");
  assert.equal(repeats.isTooSoon("hit", 1080), false);
});

test("the end of an ambience fades into its beginning", () => {
  const rate = 1000;
  // A ramp: its end and its beginning are as far from each other as can be.
  const samples = Float32Array.from({ length: 2600 }, (_, index) => index);
  const { from, to } = goRound([samples], rate);
  assert.deepEqual({ from, to }, { from: 0.1, to: 2.1 });
  const [begin, end] = [from * rate, to * rate];
  assert.equal(samples[begin], 2100, "it goes on where the end stops");
  assert.equal(samples[end - 1], 2099);
  assert.ok(Math.abs(samples[begin + 499] - 600) < 10, "and then is the beginning");
  assert.equal(goRound([new Float32Array(500)], rate), null, "what is too short goes round as it is");
});

test("a map has the ambience that its number says, and others have none", async () => {
  const assets = { sounds: ["sounds/ambience/1_greenvale.mp3", "sounds/ambience/12_marsh.mp3", "sounds/effects/hit.mp3"] };
  const library = new Library(assets, {});
  assert.equal(library.ambienceOf(1), "sounds/ambience/1_greenvale.mp3");
  assert.equal(library.ambienceOf(12), "sounds/ambience/12_marsh.mp3");
  assert.equal(library.ambienceOf(2), null);
});

test("an ambience that comes after the player has gone on is not played", async () => {
  const arrivals = new Map();
  const library = {
    ambienceOf: (map) => `map ${map}`,
    ambience: (path) => new Promise((resolve) => arrivals.set(path, () => resolve(aBuffer(path)))),
  };
  const played = [];
  const output = { play: ({ path }, how) => (played.push(path), (withinS) => (played.push(`${path} ends within ${withinS} s`), how.onEnd())) };
  const voices = new Voices();
  const ambience = new Ambience(output, voices, library);
  ambience.follow(1);
  ambience.follow(2);
  ambience.follow(2);
  for (const path of ["map 2", "map 1"]) await Promise.resolve(arrivals.get(path)()).then(settled);
  assert.deepEqual(played, ["map 2"]);
  assert.equal(voices.count, 1);
  ambience.follow(null);
  await settled();
  assert.deepEqual(played, ["map 2", "map 2 ends within 1.5 s"]);
  assert.equal(voices.count, 0);
});

function aBuffer(path) {
  return { path, numberOfChannels: 1, sampleRate: 1000, getChannelData: () => new Float32Array(3000) };
}

/** Lets all that waits for promises go on. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("each group has a volume, and nothing is muted at first", () => {
  const settings = new Settings(null);
  assert.equal(settings.get("muted"), false);
  for (const group of Object.keys(GROUPS)) {
    assert.ok(settings.get(`volume_${group}`) > 0, group);
    assert.throws(() => settings.set(`volume_${group}`, 1.5), RangeError);
  }
});
