import assert from "node:assert/strict";
import { test } from "node:test";

import { partyWords, pushOf, refusalWords } from "../src/social/requests.js";
import { accountOf, Refused, SocialSocket } from "../src/social/socket.js";

const TOKEN = `x.${Buffer.from(JSON.stringify({ userId: "ann" })).toString("base64url")}.x`;
const logIn = { isThere: true, with: (ask) => ask(TOKEN) };

/** A socket that answers what the test says. */
class Wire extends EventTarget {
  readyState = 1;
  sent = [];

  constructor(url, protocols) {
    super();
    [this.url, this.protocols] = [url, protocols];
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  tells(frame) {
    this.dispatchEvent(Object.assign(new Event("message"), { data: JSON.stringify(frame) }));
  }

  answers(status, response) {
    const [join, own, topic] = this.sent.at(-1);
    this.tells([join, own, topic, "phx_reply", { status, response }]);
  }

  close(code = 1005) {
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event("close"), { code }));
  }
}

async function connected() {
  const wires = [];
  const social = new SocialSocket("http://localhost:3000", logIn, (...of) => (wires.push(new Wire(...of)), wires.at(-1)));
  await social.connect();
  wires[0].dispatchEvent(new Event("open"));
  wires[0].answers("ok", {});
  return { social, wires, wire: wires[0] };
}

test("the account is read from the token", () => {
  assert.equal(accountOf(TOKEN), "ann");
  assert.equal(accountOf("no token"), null);
});

test("the socket joins the topic of its account", async () => {
  const { social, wire } = await connected();
  assert.equal(wire.url, "ws://localhost:3000/socket/websocket?vsn=2.0.0", "no token stands in the address");
  assert.deepEqual(wire.protocols, ["bearer", TOKEN]);
  assert.deepEqual(wire.sent, [["1", "1", "user:ann", "phx_join", {}]]);
  social.close();
});

test("a push is answered by its reply", async () => {
  const { social, wire } = await connected();
  const sent = social.push("whisper", { to: "Bob", text: "hi" });
  assert.deepEqual(wire.sent.at(-1), [null, "2", "user:ann", "whisper", { to: "Bob", text: "hi" }]);
  wire.answers("ok", { to: "Bob" });
  assert.deepEqual(await sent, { to: "Bob" });
  const refused = social.push("party_leave", {});
  wire.answers("error", { error: "not_in_party" });
  await assert.rejects(refused, (error) => error instanceof Refused && error.code === "not_in_party");
  social.close();
});

test("events of other topics are left out", async () => {
  const { social, wire } = await connected();
  const received = [];
  social.addEventListener("whisper", ({ detail }) => received.push(detail.text));
  wire.tells(["1", null, "user:ben", "whisper", { text: "no" }]);
  wire.tells(["1", null, "user:ann", "whisper", { text: "yes" }]);
  assert.deepEqual(received, ["yes"]);
  social.close();
});

test("a lost socket is opened again, but not after the login has ended", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { social, wires } = await connected();
  await Promise.resolve();
  const pending = social.push("party_leave", {});
  wires[0].close();
  await assert.rejects(pending, { code: "unavailable" });
  context.mock.timers.tick(1_000);
  assert.equal(wires.length, 2);
  wires[1].close(1_000);
  context.mock.timers.tick(60_000);
  assert.equal(wires.length, 2, "the server said that the login has ended");
  assert.equal(social.hasEnded, true);
  await assert.rejects(social.push("party_leave", {}), { code: "unavailable" });
  social.close();
});

test("requests of the chat become pushes", () => {
  assert.deepEqual(pushOf({ type: "Whisper", to: "Bob", text: "hi" }), { event: "whisper", payload: { to: "Bob", text: "hi" } });
  assert.deepEqual(pushOf({ type: "PartyLeave" }), { event: "party_leave", payload: {} });
  assert.equal(pushOf({ type: "Chat", text: "hi" }), null);
});

test("refusals and parties are said in words", () => {
  assert.match(refusalWords("muted"), /cannot chat/);
  assert.match(refusalWords("constructor_of_a_newer_server"), /cannot be reached/);
  const member = (name, online) => ({ character: { name }, online });
  assert.equal(partyWords({ members: [member("Ann", true), member("Bob", false)] }), "Party: Ann, Bob (offline)");
  assert.equal(partyWords({ members: [] }), "");
});
