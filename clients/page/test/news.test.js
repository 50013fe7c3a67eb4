// What the chat says of what has happened to the player.

import assert from "node:assert/strict";
import { test } from "node:test";

import { News } from "../src/hud/news.js";

function aGame() {
  const abilities = { strike: { name: "Strike", min_level: 1 }, cleave: { name: "Cleave", min_level: 2 }, roar: { name: "Roar", min_level: 2 } };
  const game = { lines: [], toasts: [] };
  return Object.assign(game, {
    session: { welcome: { character: "own", slots: Object.keys(abilities) }, content: { ability: (id) => abilities[id] } },
    log: (text) => game.lines.push(text),
    toast: (text) => game.toasts.push(text),
  });
}

test("a level names the abilities that come with it", () => {
  const game = aGame();
  const news = new News(game);
  news.told({ type: "LevelUp", level: 2 });
  news.told({ type: "LevelUp", level: 3 });
  assert.deepEqual(game.toasts, ["Level 2: Cleave and Roar!", "Level 3!"]);
  assert.deepEqual(game.lines, ["You have reached level 2, and learned Cleave and Roar.", "You have reached level 3."]);
});

test("the chat says who joins and leaves the party, and when it ends", () => {
  const game = aGame();
  const news = new News(game);
  const party = (...names) => {
    game.lines.length = 0;
    const others = names.map((name) => ({ character: name, name }));
    news.told({ type: "Party", members: names.length === 0 ? [] : [{ character: "own", name: "Ann" }, ...others] });
    return game.lines;
  };
  assert.deepEqual(party(), [], "there was none");
  assert.deepEqual(party("Ben"), ["Ben is in your party."]);
  assert.deepEqual(party("Ben", "Cleo"), ["Cleo is in your party."]);
  assert.deepEqual(party("Cleo"), ["Ben has left the party."]);
  assert.deepEqual(party(), ["You are no longer in a party."]);
});
