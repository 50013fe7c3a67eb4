// A service of Express and Socket.IO, and official clients that reach it through the door: node socketio.mjs SCENARIO.
//
// Writes {"port"} of the service, reads {"url", "tokens", "forged"} of the door, plays the scenario, and ends with
// {"passed"}. A line {"do"} asks the test for something that only the door can do. Ends with 77 where a package is
// missing.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const MISSING = 77;
const tools = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "realmgate-tools/node");
for (const name of ["express", "socket.io", "socket.io-client"]) {
  if (existsSync(join(tools, "node_modules", name))) continue;
  console.log(`${name} is not installed (tests/node/install.sh)`);
  process.exit(MISSING);
}
const load = createRequire(join(tools, "package.json"));
const express = load("express");
const { Server } = load("socket.io");
const { Manager, io: connect } = load("socket.io-client");

const say = (what) => console.log(JSON.stringify(what));
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const read = async () => JSON.parse((await lines.next()).value);

const http = createServer(express());
const io = new Server(http, { connectionStateRecovery: {}, serveClient: false });
await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
const { port } = http.address();
say({ port });
const { url, tokens, forged } = await read();

/** The arguments of the next event of this name. */
const once = (emitter, event) => new Promise((resolve) => emitter.once(event, (...values) => resolve(values)));

/** A client of a namespace, after it has connected. */
const joined = async (namespace = "/shop", options = {}, user = 0) => {
  const auth = { token: tokens[user] };
  const client = connect(url + namespace, { auth, forceNew: true, reconnectionDelay: 50, ...options });
  client.on("connect_error", (error) => assert.fail(`${namespace}: ${error.message}`));
  await once(client, "connect");
  return client;
};

/** A client and its socket at the service. */
const pair = async (options = {}, user = 0) => {
  const arriving = once(io, "connection");
  const client = await joined("/shop", options, user);
  const [socket] = await arriving;
  assert.equal(client.id, socket.id, "both ends have the same id");
  return { client, socket };
};

/** Why a client is refused. */
const refused = async (namespace, auth, options = {}) => {
  const client = connect(url + namespace, { auth, forceNew: true, ...options });
  const [error] = await once(client, "connect_error");
  client.close();
  return error;
};

const TRANSPORTS = {
  polling: { transports: ["polling"] },
  websocket: { transports: ["websocket"] },
  upgrade: { transports: ["polling", "websocket"] },
};

const events = async (transport) => {
  const { client, socket } = await pair(TRANSPORTS[transport]);
  socket.on("echo", (...values) => values.pop()(...values));
  assert.deepEqual(await client.emitWithAck("echo", 1, "ü🎲", { deep: [null, true, 1.5] }), 1);
  const many = await new Promise((resolve) => client.emit("echo", 1, "two", [3], (...values) => resolve(values)));
  assert.deepEqual(many, [1, "two", [3]]);

  client.on("ask", (value, answer) => answer({ value }));
  assert.deepEqual(await socket.timeout(5000).emitWithAck("ask", "q"), { value: "q" });
  await assert.rejects(client.timeout(100).emitWithAck("nothing answers this"));

  const up = [];
  const down = [];
  socket.on("up", (number) => up.push(number));
  client.on("down", (number) => down.push(number));
  for (let number = 0; number < 100; number++) {
    client.emit("up", number);
    socket.emit("down", number);
  }
  await client.emitWithAck("echo", "last");
  await socket.timeout(5000).emitWithAck("ask", "last");
  const numbers = Array.from({ length: 100 }, (_, number) => number);
  assert.deepEqual(up, numbers);
  assert.deepEqual(down, numbers);
  if (transport === "upgrade") {
    while (client.io.engine.transport.name !== "websocket") await once(client.io.engine, "upgrade");
    assert.equal(await client.emitWithAck("echo", "after the upgrade"), "after the upgrade");
  } else {
    assert.equal(client.io.engine.transport.name, transport);
  }
};

const binary = async (transport) => {
  const { client, socket } = await pair(TRANSPORTS[transport]);
  const big = Buffer.alloc(20_000, 7);
  socket.on("echo", (value, answer) => answer(value));
  const value = { first: Buffer.from([1, 2]), list: [new Uint8Array([3]), big], empty: Buffer.alloc(0), text: "t" };
  const expected = { first: Buffer.from([1, 2]), list: [Buffer.from([3]), big], empty: Buffer.alloc(0), text: "t" };
  assert.deepEqual(await client.emitWithAck("echo", value), expected);
  client.on("ask", (asked, answer) => answer(asked, Buffer.from([9])));
  const [answer] = [await socket.timeout(5000).emitWithAck("ask", expected)];
  assert.deepEqual(answer, expected);
  for (let number = 0; number < 20; number++) socket.emit("blob", number, Buffer.alloc(100, number));
  const blobs = [];
  client.on("blob", (number, blob) => blobs.push([number, blob]));
  while (blobs.length < 20) await once(client, "blob");
  assert.deepEqual(blobs, Array.from({ length: 20 }, (_, number) => [number, Buffer.alloc(100, number)]));
};

const scenarios = {
  events_over_polling: () => events("polling"),
  events_over_websocket: () => events("websocket"),
  events_over_upgrade: () => events("upgrade"),
  binary_over_polling: () => binary("polling"),
  binary_over_websocket: () => binary("websocket"),
  binary_over_upgrade: () => binary("upgrade"),

  // Two namespaces share one connection of the client, and each is a socket of its own at the service.
  namespaces: async () => {
    const seen = [];
    for (const [name, namespace] of [["shop", io.of("/")], ["forum", io.of("/forum")]]) {
      namespace.on("connection", (socket) => {
        assert.equal(socket.handshake.auth.token, undefined);
        assert.equal(socket.handshake.headers["x-user-id"], socket.handshake.auth.userId);
        assert.equal(socket.handshake.auth.lang, "de");
        seen.push(socket.conn.id);
        socket.on("name", (answer) => answer(name, socket.handshake.auth.userId));
      });
    }
    const manager = new Manager(url);
    const auth = { token: tokens[0], lang: "de" };
    const [shop, forum] = [manager.socket("/shop", { auth }), manager.socket("/forum", { auth })];
    const name = (client) => new Promise((resolve) => client.emit("name", (...values) => resolve(values)));
    const user = "01010101-0101-0101-0101-010101010101";
    assert.deepEqual(await Promise.all([name(shop), name(forum)]), [["shop", user], ["forum", user]]);
    assert.equal(new Set(seen).size, 2, "two connections to the service");
    shop.disconnect();
    assert.deepEqual(await name(forum), ["forum", user], "the other namespace stays");
  },

  rooms: async () => {
    io.on("connection", (socket) => socket.on("enter", async (room, answer) => answer(await socket.join(room))));
    const clients = [await joined(), await joined("/shop", {}, 1), await joined()];
    await Promise.all([clients[0].emitWithAck("enter", "a"), clients[1].emitWithAck("enter", "a")]);
    const got = clients.map(() => []);
    clients.forEach((client, index) => client.on("news", (what) => got[index].push(what)));
    const all = clients.map((client) => once(client, "end"));
    io.to("a").emit("news", "for a");
    io.except("a").emit("news", "for others");
    io.emit("end");
    await Promise.all(all);
    assert.deepEqual(got, [["for a"], ["for a"], ["for others"]]);
  },

  // Many clients of two users: what one gets is its own.
  many_clients: async () => {
    io.on("connection", (socket) => {
      socket.emit("user", socket.handshake.headers["x-user-id"]);
      socket.on("echo", (value, answer) => answer(value, socket.handshake.auth.userId));
    });
    const ids = ["01010101-0101-0101-0101-010101010101", "02020202-0202-0202-0202-020202020202"];
    const one = async (number) => {
      const transports = Object.values(TRANSPORTS)[number % 3];
      const client = connect(`${url}/shop`, { auth: { token: tokens[number % 2] }, forceNew: true, ...transports });
      assert.equal((await once(client, "user"))[0], ids[number % 2]);
      for (let round = 0; round < 5; round++) {
        const answer = new Promise((resolve) => client.emit("echo", [number, round], (...values) => resolve(values)));
        assert.deepEqual(await answer, [[number, round], ids[number % 2]]);
      }
      client.close();
    };
    await Promise.all(Array.from({ length: 60 }, (_, number) => one(number)));
  },

  refusals: async () => {
    io.use((socket, next) => {
      if (socket.handshake.auth.ticket === "valid") return next();
      next(Object.assign(new Error("no ticket"), { data: { needs: "ticket" } }));
    });
    for (const options of Object.values(TRANSPORTS)) {
      const ofService = await refused("/shop", { token: tokens[0] }, options);
      assert.equal(ofService.message, "no ticket");
      assert.deepEqual(ofService.data, { needs: "ticket" });
      const missing = await refused("/shop", {}, options);
      assert.deepEqual([missing.message, missing.data], ["Log in first.", { code: "UNAUTHORIZED", status: 401 }]);
      const invalid = await refused("/shop", { token: forged }, options);
      assert.deepEqual(invalid.data, { code: "INVALID_TOKEN", status: 498 });
      const unknown = await refused("/unknown", { token: tokens[0] }, options);
      assert.deepEqual(unknown.data, { code: "NOT_FOUND", status: 404 });
      const notAtService = await refused("/missing", { token: tokens[0] }, options);
      assert.equal(notAtService.message, "Invalid namespace", "the service has no such namespace");
    }
    // A client that is refused connects again with a new token.
    const client = connect(`${url}/shop`, { auth: { token: forged, ticket: "valid" }, forceNew: true });
    await once(client, "connect_error");
    client.auth.token = tokens[0];
    client.connect();
    await once(client, "connect");
  },

  reasons: async () => {
    for (const options of Object.values(TRANSPORTS)) {
      let { client, socket } = await pair(options);
      let ends = [once(client, "last"), once(client, "disconnect"), once(socket, "disconnect")];
      socket.emit("last");
      socket.disconnect();
      let reasons = (await Promise.all(ends)).map(([reason]) => reason);
      assert.deepEqual(reasons.slice(1), ["io server disconnect", "server namespace disconnect"]);
      assert.equal(client.active, false, "it does not reconnect");

      ({ client, socket } = await pair(options));
      ends = [once(client, "disconnect"), once(socket, "disconnect")];
      socket.disconnect(true);
      reasons = (await Promise.all(ends)).map(([reason]) => reason);
      assert.equal(reasons[0], "io server disconnect");

      ({ client, socket } = await pair(options));
      ends = [once(client, "disconnect"), once(socket, "disconnect")];
      client.disconnect();
      reasons = (await Promise.all(ends)).map(([reason]) => reason);
      assert.deepEqual(reasons, ["io client disconnect", "client namespace disconnect"]);

      ({ client, socket } = await pair(options));
      ends = [once(socket, "disconnect"), once(client, "connect")];
      client.io.engine.close();
      assert.equal((await Promise.all(ends))[0][0], "transport close");
    }
  },

  // The service keeps sessions of clients whose connection broke: the client gets its id, its rooms and what it missed.
  recovery: async () => {
    const options = { transports: ["websocket"], reconnectionDelay: 300, randomizationFactor: 0 };
    const { client, socket } = await pair(options);
    const { id } = client;
    socket.join("room");
    socket.data.seen = 1;
    const got = [];
    client.on("number", (number) => got.push(number));
    socket.emit("number", 1);
    await once(client, "number");
    for (const close of [() => client.io.engine.close(), (current) => current.conn.close()]) {
      const current = io.sockets.sockets.get(id);
      const disconnected = once(current, "disconnect");
      const back = once(client, "connect");
      close(current);
      await disconnected;
      io.to("room").emit("number", got.length + 1);
      await back;
      assert.equal(client.recovered, true);
      assert.equal(client.id, id);
      if (got.length === 1) await once(client, "number");
    }
    assert.deepEqual(got, [1, 2, 3]);
    assert.equal(io.sockets.sockets.get(id).data.seen, 1);

    // Another user who knows the session id gets a session of its own.
    const pid = client._pid;
    const offset = client._lastOffset;
    client.io.engine.close();
    client.close();
    const thief = connect(`${url}/shop`, { auth: { token: tokens[1], pid, offset }, forceNew: true });
    await once(thief, "connect");
    assert.notEqual(thief.id, id);
    assert.equal(thief.recovered, false);
  },

  // The service is unavailable for a moment. Its clients reconnect by themselves, without a connect_error.
  restart: async () => {
    const { client } = await pair({ transports: ["websocket"] });
    const disconnected = once(client, "disconnect");
    await new Promise((resolve) => io.close(resolve));
    assert.equal((await disconnected)[0], "transport close");
    // The door is open while the service is not.
    await once(client.io, "reconnect");
    const again = createServer(express());
    const arriving = new Promise((resolve) => new Server(again).on("connection", resolve));
    await new Promise((resolve) => again.listen(port, "127.0.0.1", resolve));
    const [socket] = await Promise.all([arriving, once(client, "connect")]);
    socket.on("echo", (value, answer) => answer(value));
    assert.equal(await client.emitWithAck("echo", "back"), "back");
  },

  log_out: async () => {
    const { client, socket } = await pair();
    const server = once(socket, "disconnect");
    say({ do: "log_out" });
    assert.deepEqual((await once(client, "disconnect"))[0], "io server disconnect");
    assert.deepEqual((await server)[0], "client namespace disconnect");
    assert.deepEqual((await refused("/shop", { token: tokens[0] })).data, { code: "INVALID_TOKEN", status: 498 });
    await joined("/shop", {}, 1);
  },
};

const [name] = process.argv.slice(2);
await scenarios[name]();
say({ passed: name });
process.exit(0);
