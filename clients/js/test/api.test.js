// The HTTP API against a fake fetch.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Api, ApiError } from "../src/api.js";

/** An API that answers as told, and keeps what it was asked. */
function api(status, body, headers = {}) {
  const asked = [];
  const fetch = async (url, { method, headers: sent, body: text, signal }) => {
    assert.ok(signal instanceof AbortSignal, "no call waits for ever");
    asked.push({ url, method, token: sent.authorization, type: sent["content-type"], body: text && JSON.parse(text) });
    const content = status === 204 ? null : typeof body === "string" ? body : JSON.stringify(body);
    return new Response(content, { status, headers });
  };
  return { asked, api: new Api("http://127.0.0.1:3000/", { fetch }) };
}

const TOKENS = { access_token: "a", user_id: "u", refresh_token: "r", expires_in: 900 };

test("each call goes where the contract says", async () => {
  const calls = [
    [
      (one) => one.register("ada", "secret"),
      "POST",
      "/auth/register",
      undefined,
      { username: "ada", password: "secret" },
    ],
    [(one) => one.login("ada", "secret"), "POST", "/auth/login", undefined, { username: "ada", password: "secret" }],
    [(one) => one.me("t"), "GET", "/api/v1/me", "Bearer t"],
    [(one) => one.refresh("r"), "POST", "/auth/refresh", undefined, { refresh_token: "r" }],
    [(one) => one.classes(), "GET", "/character-classes"],
    [(one) => one.characters("t"), "GET", "/characters", "Bearer t"],
    [
      (one) => one.createCharacter("t", "Ada", "warrior"),
      "POST",
      "/characters",
      "Bearer t",
      { name: "Ada", class_id: "warrior" },
    ],
    [
      (one) => one.changeCharacter("t", "c/1", { appearance: {} }),
      "PATCH",
      "/characters/c%2F1",
      "Bearer t",
      { appearance: {} },
    ],
    [(one) => one.restoreCharacter("t", "c"), "POST", "/characters/c/restore", "Bearer t"],
    [(one) => one.worldStatus(), "GET", "/status"],
    [(one) => one.beginSignIn("google"), "GET", "/api/v1/auth/google"],
    [(one) => one.beginSignIn("google", "t"), "GET", "/api/v1/auth/google", "Bearer t"],
    [(one) => one.beginSignIn("google", undefined, { browser: true }), "GET", "/api/v1/auth/google?browser=true"],
    [(one) => one.signInStatus("s"), "GET", "/api/v1/auth/session/s"],
    [(one) => one.watchable("s"), "GET", "/watch", "Bearer s"],
    [
      (one) => one.watch("s", { map: 7 }),
      "POST",
      "/watch",
      "Bearer s",
      { map_id: 7, channel: null, server_id: null },
    ],
    [
      (one) => one.watch("s", { map: 7, channel: 2, server: "map-1" }),
      "POST",
      "/watch",
      "Bearer s",
      { map_id: 7, channel: 2, server_id: "map-1" },
    ],
  ];
  for (const [call, method, path, token, body] of calls) {
    const { asked, api: one } = api(200, TOKENS);
    assert.deepEqual(await call(one), TOKENS);
    assert.deepEqual(asked, [
      { url: `http://127.0.0.1:3000${path}`, method, token, type: body && "application/json", body },
    ]);
  }
  for (const [call, method, path] of [
    [(one) => one.logout("t"), "POST", "/auth/logout"],
    [(one) => one.deleteCharacter("t", "c/1"), "DELETE", "/characters/c%2F1"],
  ]) {
    const { asked, api: one } = api(204);
    assert.equal(await call(one), undefined);
    const sent = { type: undefined, body: undefined };
    assert.deepEqual(asked, [{ url: `http://127.0.0.1:3000${path}`, method, token: "Bearer t", ...sent }]);
  }
});

test("the community's calls, and what it refuses", async () => {
  const device = { device_id: "d".repeat(32) };
  for (const [call, path, body] of [
    [(one) => one.loginDevice(device.device_id), "login/device", device],
    [(one) => one.renew("r"), "refresh", { refresh_token: "r" }],
    [(one) => one.loginEmail("a@b.example", "secret"), "login", { email: "a@b.example", password: "secret" }],
  ]) {
    const { asked, api: one } = api(200, { data: TOKENS });
    assert.deepEqual(await call(one), TOKENS);
    assert.deepEqual([asked[0].method, asked[0].url, asked[0].body], ["POST", `http://127.0.0.1:3000/api/v1/${path}`, body]);
  }
  const known = api(200, { data: ["google"] });
  assert.deepEqual(await known.api.providers(), ["google"]);
  const [{ method: by, url: from }] = known.asked;
  assert.deepEqual([by, from], ["GET", "http://127.0.0.1:3000/api/v1/auth/providers"]);
  const named = api(200, { ok: true, username: "ada" });
  assert.equal(await named.api.setUsername("t", "Ada"), "ada");
  assert.equal(await named.api.setPassword("t", "secret"), undefined);
  const sent = named.asked.map(({ method, url, token, body }) => [method, url, token, body]);
  assert.deepEqual(sent, [
    ["PATCH", "http://127.0.0.1:3000/api/v1/me/username", "Bearer t", { username: "Ada" }],
    ["PATCH", "http://127.0.0.1:3000/api/v1/me/password", "Bearer t", { password: "secret" }],
  ]);
  const told = { error: "invalid_data", errors: { username: ["has already been taken"] } };
  await assert.rejects(api(400, told).api.setUsername("t", "ada"), (error) => {
    assert.deepEqual([error.code, error.problem.errors], ["invalid_data", told.errors]);
    return true;
  });
});

test("a refusal has its code, its fields and how long to wait", async () => {
  const problem = {
    status: 422,
    code: "INVALID",
    title: "Invalid",
    detail: "A field is wrong.",
    errors: { username: "too short" },
  };
  await assert.rejects(api(422, problem).api.register("a", "b"), (error) => {
    assert.ok(error instanceof ApiError);
    assert.deepEqual([error.kind, error.code, error.retryAfterS], ["Refused", "INVALID", null]);
    assert.equal(error.message, '422 INVALID: A field is wrong.; username: "too short"');
    return true;
  });
  const waits = [
    [429, { "retry-after": "7" }, 7],
    [503, {}, 1],
    [503, { "retry-after": "soon" }, 1],
    [409, { "retry-after": "7" }, null],
  ];
  for (const [status, headers, seconds] of waits) {
    await assert.rejects(api(status, { code: "X" }, headers).api.login("a", "b"), { retryAfterS: seconds });
  }
  await assert.rejects(
    api(502, "<html>").api.login("a", "b"),
    { kind: "Refused", code: "" },
    "a proxy answers as it likes",
  );
});

test("what cannot be reached or read is told apart", async () => {
  await assert.rejects(api(200, "<html>").api.login("a", "b"), { kind: "Unreadable", code: null });
  const fetch = async () => {
    throw new TypeError("fetch failed");
  };
  await assert.rejects(new Api("http://127.0.0.1:1", { fetch }).login("a", "b"), {
    kind: "Unreachable",
    retryAfterS: null,
  });
});

test("the status says where the gateway is", async () => {
  assert.equal(await api(200, { gateway_port: 3002 }).api.gatewayUrl(), "ws://127.0.0.1:3002/ws");
  const fetch = async () => new Response('{"gateway_port":3002}');
  assert.equal(await new Api("https://play.example/", { fetch }).gatewayUrl(), "wss://play.example:3002/ws");
  assert.equal(await api(404, {}).api.worldStatus(), null);
  await assert.rejects(api(404, {}).api.gatewayUrl(), { kind: "Unreadable" });
  await assert.rejects(api(500, {}).api.worldStatus(), { kind: "Refused" });
});
