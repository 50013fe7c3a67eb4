// Abilities that are shown when they are pressed, before the server has answered.

import assert from "node:assert/strict";
import { test } from "node:test";
import { STATUS_FLAGS } from "../src/generated/protocol.js";
import { Session } from "../src/session.js";
import { enteredWith, tell } from "./testing/entered.js";
import { OWN } from "./testing/map-server.js";
import { snapshotBody } from "./testing/snapshots.js";

const [STRIKE, BOLT, SPRINT] = [0, 1, 2];
const AIM = { type: "None" };

function ability(id, fields) {
  return {
    id, name: id, shape: "Cone", range: 2048, cone_degrees: 120, radius: 0, burst_radius: 0, speed_per_s: 0,
    min_level: 0, cost: 0, cast_ms: 0, cast_while_moving: false, cooldown_ms: 0,
    off_global_cooldown: false, friendly: false, ...fields,
  };
}

/** At 20 ticks a second: a strike at once, a bolt with a cast of 20 ticks, and a sprint beside everything else. */
function entered({ bolt = {}, components } = {}) {
  const abilities = [
    ability("strike", { cost: 10, cooldown_ms: 3000 }),
    ability("bolt", { cost: 30, cast_ms: 1000, cooldown_ms: 500, ...bolt }),
    ability("sprint", { cooldown_ms: 5000, off_global_cooldown: true, friendly: true }),
  ];
  const session = enteredWith(20, abilities, { global_cooldown_ms: 1000 });
  show(session, 100, 0, components);
  return session;
}

/** The server shows a tick, in which it has applied so many commands. */
function show(session, tick, lastCommand, components = {}) {
  const own = {
    Health: { current: 50, max: 50 },
    Resource: { current: 45, max: 100 },
    Cooldowns: { ready_at: [0, 0, 0] },
    MoveSpeed: { units_per_tick: 100 },
    ...components,
  };
  const entities = [{ entity: OWN, is_new: true, components: own }];
  assert.ok(session.receiveFrame(snapshotBody({ tick, last_command: lastCommand, position: { x: 9000, y: 9000 }, entities })));
}

const cooldowns = (...readyAt) => ({ Cooldowns: { ready_at: readyAt } });
const press = (session, slot) => session.tick({ action: { slot, aim: AIM } });
const wait = (session, ticks) => Array.from({ length: ticks }, () => session.tick());
const readyAt = (session) => [STRIKE, BOLT, SPRINT].map((slot) => session.readyAt(slot));
const takenBack = (session) => session.takeTakenBack().map(({ command, slot }) => [command, slot]);

test("what is pressed shows its cooldowns at once", () => {
  const session = entered();
  session.tick();
  press(session, STRIKE);
  // The second command after tick 100: its own 60 ticks, and 20 for the other that keeps the global cooldown.
  assert.deepEqual([session.ownTick, session.commandsIssued, readyAt(session)], [102, 2, [162, 122, 0]]);
  assert.deepEqual(session.predictedUses, [{ command: 2, slot: STRIKE, ability: 0, begins: 102, takesEffect: 102 }]);
  assert.deepEqual([STRIKE, BOLT, SPRINT].map((slot) => session.refusalOf(slot)), ["OnCooldown", "OnCooldown", null]);
  assert.deepEqual([STRIKE, BOLT, SPRINT].map((slot) => session.mayUse(slot)), [false, false, true]);
  // The server has not applied it, then it has, a tick later than expected.
  show(session, 101, 1);
  assert.deepEqual(readyAt(session), [162, 122, 0]);
  show(session, 103, 2, cooldowns(163, 123, 0));
  assert.deepEqual([readyAt(session), session.predictedUses, takenBack(session)], [[163, 123, 0], [], []]);
});

test("a refused use is taken back, and no other", () => {
  const session = entered();
  press(session, STRIKE);
  press(session, SPRINT);
  assert.deepEqual(readyAt(session), [161, 121, 202]);
  const refused = (answers) => tell(session, { type: "Refused", request: "Ability", answers, reason: "BadTarget" });
  refused({ type: "Message", id: 1 });
  refused({ type: "Command", number: 3, slot: STRIKE });
  assert.deepEqual([readyAt(session), takenBack(session)], [[161, 121, 202], []]);
  refused({ type: "Command", number: 1, slot: STRIKE });
  assert.deepEqual([readyAt(session), takenBack(session)], [[0, 0, 202], [[1, STRIKE]]]);
  assert.deepEqual(takenBack(session), [], "it is told once");
});

test("a use that the server answers with nothing is taken back too", () => {
  // A player who keeps pressing is not told of each refusal. The bolt was not shown: the strike keeps it from beginning.
  const session = entered();
  press(session, STRIKE);
  press(session, BOLT);
  show(session, 102, 2);
  assert.deepEqual([readyAt(session), session.cast, takenBack(session)], [[0, 0, 0], null, [[1, STRIKE]]]);
});

test("of refused uses that nobody takes, the newest are kept", () => {
  const session = entered();
  for (let command = 1; command <= 40; command += 1) {
    press(session, STRIKE);
    show(session, 100 + command, command);
  }
  assert.deepEqual(
    takenBack(session),
    Array.from({ length: 16 }, (_, at) => [25 + at, STRIKE]),
  );
});

test("a cast is shown from its press to its end", () => {
  const session = entered();
  press(session, BOLT);
  assert.deepEqual(session.cast, { ability: 1, from: 101, until: 121 });
  assert.equal(session.refusalOf(STRIKE), "Busy");
  // The server begins a tick later, and tells so.
  show(session, 103, 1, { Casting: { ability: 1, until_tick: 122 }, ...cooldowns(122, 122, 0) });
  assert.deepEqual(session.cast, { ability: 1, from: 102, until: 122 });
  assert.equal(session.readyAt(BOLT), 131, "its own cooldown begins with its effect");
  wait(session, 20);
  show(session, 122, 21, cooldowns(122, 132, 0));
  assert.deepEqual([session.cast, session.readyAt(BOLT), takenBack(session)], [null, 132, []]);
});

test("walking breaks a cast, but not the one that begins with the step", () => {
  const session = entered();
  session.tick({ heading: 0, action: { slot: BOLT, aim: AIM } });
  assert.notEqual(session.cast, null);
  wait(session, 1);
  assert.notEqual(session.cast, null);
  session.tick({ heading: 0 });
  assert.deepEqual([session.cast, takenBack(session)], [null, []], "nobody has refused it");
  const ended = entered();
  press(ended, BOLT);
  wait(ended, 20);
  ended.tick({ heading: 0 });
  assert.equal(ended.readyAt(BOLT), 131, "one that has taken effect is past breaking");
  const last = entered();
  press(last, BOLT);
  wait(last, 19);
  last.tick({ heading: 0 });
  assert.equal(last.cast, null, "until then it is not");
  const moving = entered({ bolt: { cast_while_moving: true } });
  press(moving, BOLT);
  moving.tick({ heading: 0 });
  assert.deepEqual(moving.cast, { ability: 1, from: 101, until: 121 }, "this one allows it");
});

test("a cast that the server broke is taken back", () => {
  const session = entered();
  press(session, BOLT);
  show(session, 101, 1, { Casting: { ability: 1, until_tick: 121 } });
  assert.deepEqual(takenBack(session), []);
  show(session, 110, 1);
  assert.deepEqual([session.cast, takenBack(session)], [null, [[1, BOLT]]]);
});

test("what the server would refuse is not shown", () => {
  const appearance = { kind: "Player", definition: 0, level: 4 };
  const cases = [
    [{ Health: { current: 0, max: 50 } }, "Dead"],
    [{ Status: { flags: STATUS_FLAGS.safe } }, "InSafeZone"],
    [{ Resource: { current: 29, max: 100 } }, "TooLittleResource"],
    [{ Appearance: appearance }, "NoSuchAbility"],
    [{ Casting: { ability: 0, until_tick: 102 } }, "Busy"],
    [cooldowns(0, 102, 0), "OnCooldown"],
  ];
  for (const [components, reason] of cases) {
    const session = entered({ bolt: { min_level: 5 }, components });
    assert.equal(session.refusalOf(BOLT), reason);
    press(session, BOLT);
    assert.deepEqual(session.predictedUses, [], reason);
  }
  // What would just do.
  const components = { Resource: { current: 30, max: 100 }, Appearance: appearance, Casting: { ability: 0, until_tick: 101 }, ...cooldowns(0, 101, 0) };
  const session = entered({ bolt: { min_level: 4 }, components });
  assert.deepEqual([session.refusalOf(BOLT), session.refusalOf(3)], [null, "NoSuchAbility"]);
  const safe = entered({ components: { Status: { flags: STATUS_FLAGS.safe } } });
  assert.equal(safe.refusalOf(SPRINT), null, "what harms nobody is let be in a safe zone");
  const before = new Session();
  assert.deepEqual([before.refusalOf(0), before.readyAt(0), before.cast], ["HelloFirst", 0, null]);
});

test("what is under way will cost, too", () => {
  // 45 points are enough for a bolt of 30, and then no more for a second one.
  const session = entered();
  press(session, BOLT);
  wait(session, 24);
  assert.equal(session.refusalOf(BOLT), "TooLittleResource");
  assert.equal(session.refusalOf(STRIKE), null);
});
