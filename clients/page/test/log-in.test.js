import assert from "node:assert/strict";
import { test } from "node:test";

import { LogIn } from "../src/accounts/log-in.js";

/** What a tab keeps; a copied tab begins with a copy of it. */
function storage(kept = new Map()) {
  return {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => kept.set(name, value),
    removeItem: (name) => kept.delete(name),
    copy: () => storage(new Map(kept)),
  };
}

/** The locks of a browser: a name is held until its tab is closed. */
class Locks {
  #held = new Set();

  async request(name, { signal }, held) {
    if (this.#held.has(name)) {
      // A timer of a signal keeps no process up.
      const wait = setInterval(() => {}, 1_000);
      await new Promise((resolve) => signal.addEventListener("abort", resolve)).finally(() => clearInterval(wait));
      throw signal.reason;
    }
    this.#held.add(name);
    await held();
  }

  /** All tabs are closed. */
  release() {
    this.#held.clear();
  }
}

/** What a log-in has whose refresh token stays the same. */
const STAYING = { access_token: "first", refresh_token: "stays", expires_in: 900 };

/** A server that takes each refresh token once, and ends the log-in of one that comes again. */
class Api {
  #given = 0;
  #valid;

  async login() {
    return this.#give();
  }

  async loginDevice(device) {
    this.devices = [...(this.devices ?? []), device];
    return { ...STAYING, username: "quiet_fox" };
  }

  async loginEmail(email) {
    this.email = email;
    return STAYING;
  }

  async renew(token) {
    assert.equal(token, STAYING.refresh_token);
    return { ...STAYING, access_token: "renewed" };
  }

  async me() {
    return { username: "quiet_fox", has_password: this.password !== undefined, linked_providers: { device: true, ...this.linked } };
  }

  async setUsername(_token, name) {
    return name.toLowerCase();
  }

  async setPassword(_token, password) {
    this.password = password;
  }

  async refresh(token) {
    if (token !== this.#valid) throw Object.assign(new Error("reused"), { problem: { status: 401 } });
    return this.#give();
  }

  #give() {
    this.#valid = `refresh-${++this.#given}`;
    return { access_token: `access-${this.#given}`, refresh_token: this.#valid, expires_in: 900 };
  }
}

async function loggedIn() {
  const [api, tab, locks] = [new Api(), storage(), new Locks()];
  const logIn = new LogIn(api, tab, locks);
  await logIn.begin("ann", "correct horse");
  return { api, tab, locks, logIn };
}

test("a tab that is loaded again goes on with its log-in", async () => {
  const { api, tab, locks, logIn } = await loggedIn();
  await logIn.renew();
  locks.release();
  const again = new LogIn(api, tab, locks);
  assert.equal(await again.resume(), true);
  assert.equal(again.username, "ann");
  assert.equal(await again.fresh(), "access-3");
});

test("a copy of a tab forgets the log-in, and leaves it to the other one", async () => {
  const { api, tab, locks, logIn } = await loggedIn();
  await logIn.renew();
  const copied = tab.copy();
  const copy = new LogIn(api, copied, locks);
  assert.equal(await copy.resume(), false);
  assert.equal(new LogIn(api, copied, locks).isThere, false, "also when the copy is loaded again");
  assert.equal(await logIn.fresh(), "access-3");
});

test("a tab without a log-in resumes none", async () => {
  assert.equal(await new LogIn(new Api(), storage(), new Locks()).resume(), false);
});

test("a browser without locks goes on with what it has", async () => {
  const { api, tab } = await loggedIn();
  assert.equal(await new LogIn(api, tab, undefined).resume(), true);
});

test("what is typed anew is a log-in of its own", async () => {
  const { api, tab, locks } = await loggedIn();
  const copied = tab.copy();
  const copy = new LogIn(api, copied, locks);
  await copy.resume();
  await copy.begin("ann", "correct horse");
  locks.release();
  assert.equal(await new LogIn(api, tab, locks).resume(), true, "the first tab has its own again");
  assert.equal(await new LogIn(api, copied, locks).resume(), true, "which is not that of the copy");
});

test("a guest is the same one each time, and no guest once it has a password", async () => {
  const [api, kept, locks] = [new Api(), storage(), new Locks()];
  const logIn = new LogIn(api, storage(), locks);
  await logIn.beginAsGuest(kept);
  assert.equal(await logIn.fresh(), "renewed");
  assert.deepEqual([logIn.isGuest, logIn.username], [true, "quiet_fox"]);
  await new LogIn(api, storage(), locks).beginAsGuest(kept);
  assert.equal(api.devices[0], api.devices[1]);
  assert.match(api.devices[0], /^[0-9a-f]{64}$/);
  await new LogIn(api, storage(), locks).beginAsGuest(storage());
  assert.notEqual(api.devices[0], api.devices[2], "another browser is somebody else");
  await logIn.keep("Ada", "correct horse");
  assert.deepEqual([logIn.isGuest, logIn.username, api.password], [false, "ada", "correct horse"]);
  await logIn.beginAsGuest(kept);
  assert.equal(logIn.isGuest, false);
});

test("a guest logs in once more for what wants a log-in of the last minutes", async () => {
  const [api, kept] = [new Api(), storage()];
  const logIn = new LogIn(api, storage(), new Locks());
  await logIn.beginAsGuest(kept);
  let asked = 0;
  const refusal = Object.assign(new Error(), { problem: { status: 403, code: "fresh_log_in_required" } });
  const ask = async () => {
    if (++asked === 1) throw refusal;
    return "done";
  };
  assert.equal(await logIn.withFresh(ask, kept), "done");
  assert.deepEqual([asked, api.devices.length], [2, 2]);
  // Who has a password is asked for it, elsewhere.
  await logIn.keep("Ada", "correct horse");
  asked = 0;
  await assert.rejects(logIn.withFresh(ask, kept), refusal);
});

test("a guest whom a provider knows is no guest", async () => {
  const [api, tab, kept, locks] = [new Api(), storage(), storage(), new Locks()];
  const logIn = new LogIn(api, tab, locks);
  await logIn.beginAsGuest(kept);
  logIn.isKept();
  locks.release();
  const again = new LogIn(api, tab, locks);
  assert.deepEqual([await again.resume(), again.isGuest, await again.fresh()], [true, false, "renewed"]);
  api.linked = { google: true };
  await logIn.beginAsGuest(kept);
  assert.equal(logIn.isGuest, false);
});

test("a provider's tokens are a log-in that stays", async () => {
  const [api, tab, locks] = [new Api(), storage(), new Locks()];
  const logIn = new LogIn(api, tab, locks);
  await logIn.beginProven(STAYING);
  assert.deepEqual([logIn.username, logIn.isGuest, await logIn.fresh()], ["quiet_fox", false, "renewed"]);
  assert.equal(await logIn.fresh(), "renewed", "and once more");
  locks.release();
  const again = new LogIn(api, tab, locks);
  assert.deepEqual([await again.resume(), await again.fresh()], [true, "renewed"], "also when the tab is loaded again");
});

test("an e-mail address is a name to log in by", async () => {
  const [api, locks] = [new Api(), new Locks()];
  const logIn = new LogIn(api, storage(), locks);
  await logIn.begin("ada@example.org", "correct horse");
  assert.deepEqual([api.email, await logIn.fresh()], ["ada@example.org", "renewed"]);
});
