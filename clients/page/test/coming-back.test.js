// Who comes back into the world by itself, and what is left of the game that was.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError, EnterError, GatewayError } from "../../js/src/index.js";
import { ComingBack } from "../src/game/coming-back.js";
import { Reaching } from "../src/game/reaching.js";
import { goodbye } from "../src/words/refusals.js";

/** A game as far as it matters: what its banner says, what is typed, and whether it is over. */
function aGame({ typed = "", hasFocus = false, isOver = false, party = [] } = {}) {
  const game = {
    isOver,
    session: { party: { members: party } },
    lines: [],
    log: (text) => game.lines.push(text),
    banner: "",
    close: () => (game.isOver = true),
    element: { replaceWith: (other) => (game.shown = other) },
    hud: { banner: { say: (text) => (game.banner = text) }, chat: { typed, hasFocus, focus: () => (game.isTyped = true) } },
  };
  return game;
}

/** The way back of a game, where entering answers or throws these, one after the other. */
function comingBack(game, ...answers) {
  const ended = [];
  const enter = async () => {
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { back: new ComingBack(game, { enter, end: (words) => (ended.push(words), game.close()) }), ended };
}

/** Lets the pauses between two looks pass. */
async function pauses(t, count) {
  for (let pause = 0; pause < count; pause += 1) {
    t.mock.timers.tick(2_000);
    for (let step = 0; step < 10; step += 1) await Promise.resolve();
  }
}

const AWAY = () => new ApiError("Unreachable", "nobody answers");

test("whoever is sent away by a world that closes is back as soon as it is, with what was typed", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  for (const [reason, says] of [
    ["ServerClosing", /shutting down/],
    ["ChannelFailed", /has failed/],
  ]) {
    const [game, next] = [aGame({ typed: "hello ag", hasFocus: true }), aGame()];
    const { back, ended } = comingBack(game, AWAY(), new GatewayError("Unreachable", "gone"), next);
    back.left(reason);
    assert.match(game.banner, says);
    await pauses(t, 2);
    assert.deepEqual([game.isOver, game.shown], [false, undefined]);
    game.hud.chat.typed = "hello again";
    await pauses(t, 1);
    assert.deepEqual([game.isOver, game.shown, ended], [true, next.element, []]);
    assert.deepEqual([next.hud.chat.typed, next.isTyped], ["hello again", true]);
  }
});

test("whoever is sent away because nothing can be written hears what that may cost, and is back as well", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const [game, next] = [aGame(), aGame()];
  const { back, ended } = comingBack(game, AWAY(), next);
  back.left("StoreAway");
  assert.match(game.banner, /may be lost/);
  await pauses(t, 2);
  assert.deepEqual([game.isOver, game.shown, ended], [true, next.element, []]);
});

test("a world that comes back with another protocol is not waited for", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const game = aGame();
  const { back, ended } = comingBack(game, new EnterError("Hash", "another one"));
  back.left("ServerClosing");
  await pauses(t, 3);
  assert.deepEqual(
    ended.map(({ help }) => help),
    ["reload"],
  );
});

test("whoever leaves while a game comes back leaves none behind", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const [game, next] = [aGame(), aGame()];
  let enters;
  const { back, ended } = comingBack(game, new Promise((resolve) => (enters = resolve)));
  back.left("ServerClosing");
  await pauses(t, 1);
  game.close();
  enters(next);
  await pauses(t, 1);
  assert.deepEqual([game.shown, next.isOver, ended], [undefined, true, []]);
});

test("a game that is over before it is shown does not take the place of what it has said", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const [game, next] = [aGame(), aGame({ isOver: true })];
  const { back, ended } = comingBack(game, next);
  back.left("ServerClosing");
  await pauses(t, 1);
  assert.deepEqual([game.isOver, game.shown, ended], [true, undefined, []]);
});

test("other goodbyes are said, with what helps", () => {
  for (const [reason, help] of [
    ["Replaced", "login"],
    ["Logout", "login"],
    ["Kicked", "retry"],
    ["ConnectionLost", "retry"],
    ["Abuse", "retry"],
    ["MovedOn", "retry"],
  ]) {
    const { back, ended } = comingBack(aGame());
    back.left(reason);
    assert.deepEqual(ended, [{ ...goodbye(reason), help }], reason);
  }
});

test("what has just come into reach is asked for again, but not for ever", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const asked = [];
  const reaching = new Reaching({ isOver: false, ask: (message) => asked.push(message) });
  const refused = (id, reason = "OutOfRange") => reaching.refused({ reason, answers: { type: "Message", id } });
  const message = { type: "PickUp", entity: 7 };
  reaching.ask(message);
  assert.deepEqual([refused(9), refused(1, "BagFull")], [false, false], "neither another's, nor for another reason");
  for (let id = 1; id < 4; id += 1) {
    assert.equal(refused(id), true);
    t.mock.timers.tick(200);
  }
  assert.equal(refused(4), false);
  assert.deepEqual(asked, Array(4).fill(message));
  const other = { type: "PickUp", entity: 8 };
  reaching.ask(other);
  assert.equal(refused(5), true);
  reaching.ask(message);
  t.mock.timers.tick(200);
  assert.deepEqual(asked.slice(4), [other, message], "something else is wanted by now");
});

test("a player who comes back without the earlier party is told that it has ended", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  for (const [before, after, count] of [
    [["Ann", "Ben"], [], 1],
    [["Ann", "Ben"], ["Ann", "Ben"], 0],
    [[], [], 0],
  ]) {
    const [game, next] = [aGame({ party: before }), aGame({ party: after })];
    comingBack(game, next).back.left("ServerClosing");
    await pauses(t, 1);
    assert.equal(game.shown, next.element);
    assert.deepEqual(next.lines, [], "the server may tell it yet");
    await pauses(t, 3);
    assert.equal(next.lines.length, count);
  }
});
