import assert from "node:assert/strict";
import { test } from "node:test";

import { LEAVE_REASONS, REFUSALS } from "../../js/src/index.js";
import { experienceWithin } from "../src/hud/experience.js";
import { sentence, withArticle } from "../src/hud/names.js";
import { abilityWords } from "../src/words/abilities.js";
import { apiWords, entryWords } from "../src/words/errors.js";
import { bonusLines, comparisonLines, itemWords, obstacle, rarityOf, sumOfBonuses } from "../src/words/items.js";
import { goodbye, refusalSentence, WORDED } from "../src/words/refusals.js";

test("every refusal and every goodbye of the protocol has a sentence of its own", () => {
  assert.deepEqual([...WORDED.refusals].sort(), Object.keys(REFUSALS).sort());
  assert.deepEqual([...WORDED.reasons].sort(), Object.keys(LEAVE_REASONS).sort());
  for (const reason of Object.keys(REFUSALS)) assert.match(refusalSentence({ request: "", reason }), /^[A-Z].*[.]$/);
  for (const reason of Object.keys(LEAVE_REASONS)) assert.ok(goodbye(reason).title && goodbye(reason).text, reason);
});

test("a refusal is told by what was asked", () => {
  assert.equal(refusalSentence({ request: "VendorList", reason: "OutOfRange" }), "Move closer to the vendor.");
  assert.equal(refusalSentence({ request: "Ability", reason: "OutOfRange" }), "Too far away.");
  assert.equal(refusalSentence({ request: "Ability", reason: "TooLittleResource" }, "Rage"), "Not enough rage.");
});

const refused = (problem) => ({
  name: "ApiError",
  kind: "Refused",
  retryAfterS: problem.retryAfterS ?? null,
  problem: { status: 400, code: "", errors: {}, detail: "", title: "", retryAfterS: null, ...problem },
});

test("errors of the API stand beside their fields", () => {
  const fields = apiWords(refused({ status: 422, errors: { password: ["must have at least 8 characters"] } })).fields;
  assert.deepEqual(fields, { password: "The password must have at least 8 characters." });
  const facts = apiWords(refused({ status: 422, errors: { username: ["has invalid format"], name: ["has already been taken"] } })).fields;
  assert.deepEqual(facts, { username: "The user name has invalid format.", name: "The name has already been taken." });
  assert.match(apiWords(refused({ status: 409, code: "USERNAME_TAKEN" })).fields.username, /taken/);
  assert.match(apiWords(refused({ status: 429, code: "RATE_LIMITED", retryAfterS: 7 })).text, /7 seconds/);
  assert.match(apiWords({ kind: "Unreachable" }).text, /is not responding/);
  assert.match(apiWords(refused({ status: 502 })).text, /is not responding/);
  assert.match(apiWords(refused({ status: 401, code: "INVALID_CREDENTIALS" })).text, /^Wrong/);
});

test("who does not get in hears what helps", () => {
  const gateway = (more) => ({
    name: "GatewayError",
    code: null,
    closeCode: null,
    retryAfterS: null,
    wantsFreshTokens: false,
    ...more,
  });
  assert.equal(entryWords(gateway({ code: "MAP_FULL" })).help, "retry");
  assert.match(entryWords(gateway({ code: "RATE_LIMITED", retryAfterS: 5 })).text, /5 seconds/);
  assert.equal(entryWords(gateway({ code: "ENTRY_REFUSED", reason: "Come back at night" })).text, "Come back at night.");
  assert.match(entryWords(gateway({ code: "ENTRY_REFUSED", reason: "" })).text, /does not let/);
  assert.equal(entryWords(gateway({ closeCode: 1008, wantsFreshTokens: true })).help, "login");
  assert.equal(
    entryWords(gateway({ closeCode: 4001, wantsFreshTokens: true })).title,
    "Your account is in use elsewhere",
  );
  assert.equal(entryWords({ name: "EnterError", kind: "ProtocolMismatch" }).help, "reload");
  assert.equal(entryWords(new TypeError("a bug")).help, "reload");
});

test("experience counts within the level", () => {
  const needed = [0n, 100n, 260n];
  assert.deepEqual(experienceWithin(130n, 2, needed), { done: 30, all: 160 });
  assert.deepEqual(experienceWithin(300n, 3, needed), { done: 0, all: 0 });
});

const sword = {
  name: "Iron Sword",
  worn_slot: 100,
  classes: [0],
  min_level: 3,
  value: 60n,
  consumable: null,
  bonuses: { health: 10, resource: 0, power: 6, armour: 0, speed_per_mille: -50 },
};

test("an item says what it adds, and who may wear it", () => {
  assert.deepEqual(bonusLines(sword.bonuses), [
    ["Health", "+10"],
    ["Power", "+6"],
    ["Speed", "−5 %"],
  ]);
  const classes = [{ name: "Warrior" }, { name: "Ranger" }];
  assert.equal(obstacle(sword, { level: 2, ownClass: 0, classes }), "Requires level 3");
  assert.equal(obstacle(sword, { level: 9, ownClass: 1, classes }), "Only for: Warrior");
  assert.equal(obstacle(sword, { level: 3, ownClass: 0, classes }), null);
  assert.equal(sumOfBonuses([sword, sword]).power, 12);
  const game = { session: { possessions: { level: 3 }, content: { classes } }, own: null, ownClass: null };
  assert.equal(itemWords(sword, game).title, "Iron Sword");
});

test("an item says why it cannot be worn, and how much better it is than what is", () => {
  const rusty = { ...sword, id: "rusty_sword", name: "Rusty Sword", bonuses: { power: 2, armour: 1 } };
  const content = { classes: [{ name: "Warrior" }, { name: "Ranger" }], item: () => rusty };
  const possessions = { level: 2, worn: (slot) => (slot === 100 ? { definition: "rusty_sword" } : null) };
  const game = { session: { possessions, content }, own: null, ownClass: null };
  const words = itemWords({ ...sword, id: "iron_sword" }, game);
  assert.match(words.bad, /^You cannot wear this. Only for: Warrior.$/);
  assert.deepEqual([words.compared.title, words.rarity], ["Compared with Rusty Sword", "fine"]);
  assert.deepEqual(words.compared.lines, [
    ["Health", "+10"],
    ["Power", "+4"],
    ["Armour", "−1"],
    ["Speed", "−5 %"],
  ]);
  assert.deepEqual(comparisonLines({ power: 6 }, { power: 2, armour: 1 }), [
    ["Power", "+4"],
    ["Armour", "−1"],
  ]);
  const rarities = [0n, 40n, 150n, 500n].map((value) => rarityOf({ value }));
  assert.deepEqual(rarities, ["common", "fine", "rare", "epic"]);
});

test("creatures have an article, and those who have one of their own keep it", () => {
  const called = ["Wolf", "Old Bear", "The Barrow King"].map(withArticle);
  assert.deepEqual(called, ["a wolf", "an old bear", "the Barrow King"]);
  assert.equal(sentence(withArticle("Goblin Archer")), "A goblin archer");
});

test("an ability says its numbers", () => {
  const info = {
    name: "Smite",
    shape: "Enemy",
    range: 6 * 1024,
    cost: 6,
    cast_ms: 1500,
    cast_while_moving: false,
    cooldown_ms: 8000,
    min_level: 4,
  };
  const { lines } = abilityWords(info, { ownClass: { resource_name: "Mana" }, session: { possessions: { level: 1 } } });
  assert.deepEqual(lines.slice(1), [
    ["Mana", "6"],
    ["Range", "6 tiles"],
    ["Cast", "1.5 s"],
    ["Cooldown", "8 s"],
    "Moving interrupts the cast.",
    "You learn it at level 4.",
  ]);
});

test("an ability says how large its shape is", () => {
  const none = { cone_degrees: 0, radius: 0, burst_radius: 0, speed_per_s: 0 };
  const info = { ...none, name: "One", cost: 0, cast_ms: 0, cooldown_ms: 0, min_level: 1, range: 2048 };
  const said = (more) => {
    const { lines } = abilityWords({ ...info, ...more }, { ownClass: null, session: { possessions: { level: 1 } } });
    return [lines[0], ...lines.filter(([what]) => !["Range", "Cast"].includes(what)).slice(1)];
  };
  assert.deepEqual(said({ shape: "Enemy" }), ["Hits one enemy."]);
  assert.deepEqual(said({ shape: "Cone", cone_degrees: 120 }), [
    "Hits everyone in front of you.",
    ["Angle", "120°"],
  ]);
  assert.deepEqual(said({ shape: "Cone", cone_degrees: 360 }), ["Hits everyone around you."]);
  assert.deepEqual(said({ shape: "Ground", friendly: true, radius: 3072 }), [
    "Helps everyone it reaches.",
    ["Radius", "3 tiles"],
  ]);
  const arrow = { shape: "Projectile", radius: 154, speed_per_s: 16_384, burst_radius: 2048 };
  assert.deepEqual(said(arrow), [
    "Flies until it hits something.",
    ["Speed", "16 tiles per second"],
    ["Burst radius", "2 tiles"],
  ]);
});
