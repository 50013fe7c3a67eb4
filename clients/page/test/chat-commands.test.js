import assert from "node:assert/strict";
import { test } from "node:test";

import { CHAT_BYTES, readLine, splitName } from "../src/hud/chat-commands.js";

const say = { scope: "say" };
const requestOf = (line, where = say) => readLine(line, where)?.request;

test("a line goes where the chat stands", () => {
  assert.deepEqual(requestOf(" hello "), { type: "Chat", text: "hello" });
  assert.deepEqual(requestOf("hello", { scope: "party" }), { type: "PartyChat", text: "hello" });
  assert.deepEqual(requestOf("hi", { scope: "whisper", to: "Ada" }), { type: "Whisper", to: "Ada", text: "hi" });
  assert.equal(readLine("   ", say), null);
});

test("commands say where else", () => {
  assert.deepEqual(requestOf("/p pull it"), { type: "PartyChat", text: "pull it" });
  assert.deepEqual(requestOf("/S hello", { scope: "party" }), { type: "Chat", text: "hello" });
  assert.deepEqual(requestOf("/w Ada hi there"), { type: "Whisper", to: "Ada", text: "hi there" });
  assert.deepEqual(requestOf('/w "Anna Bell" hi'), { type: "Whisper", to: "Anna Bell", text: "hi" });
  assert.deepEqual(requestOf("/w anna bell hi", { ...say, names: ["Anna", "Anna Bell"] }), {
    type: "Whisper",
    to: "Anna Bell",
    text: "hi",
  });
  assert.deepEqual(requestOf("/r yes", { ...say, replyTo: "Ada" }), { type: "Whisper", to: "Ada", text: "yes" });
  assert.deepEqual(requestOf("/invite Anna Bell"), { type: "PartyInvite", to: "Anna Bell" });
  assert.deepEqual(requestOf("/leave"), { type: "PartyLeave" });
  assert.deepEqual(requestOf("/ignore Ada"), { type: "Ignore", name: "Ada" });
  assert.deepEqual(requestOf("/unignore Ada"), { type: "Unignore", name: "Ada" });
});

test("a command without a text changes where the chat stands", () => {
  assert.deepEqual(readLine("/p", say), { scope: "party" });
  assert.deepEqual(readLine("/w Ada", say), { scope: "whisper", to: "Ada" });
  assert.deepEqual(readLine("/r", { ...say, replyTo: "Ada" }), { scope: "whisper", to: "Ada" });
});

test("what is wrong is said, and nothing is sent", () => {
  for (const line of [
    "/w",
    "/r hi",
    "/dance",
    "/invite",
    "/constructor",
    "x".repeat(CHAT_BYTES + 1),
    "ä".repeat(CHAT_BYTES / 2 + 1),
  ]) {
    assert.ok(readLine(line, say).error, line);
  }
  assert.equal(requestOf("x".repeat(CHAT_BYTES)).text.length, CHAT_BYTES, "so long a line may be");
  assert.deepEqual(readLine("/help", say), { help: true });
});

test("a name is split from the text", () => {
  assert.deepEqual(splitName("Ada", []), { name: "Ada", text: "" });
  assert.deepEqual(splitName("Adamant text", ["Ada"]), { name: "Adamant", text: "text" });
  assert.deepEqual(splitName("", []), { name: "", text: "" });
});
