// An Express app as others write one: node express.mjs. The first line it prints is its port.

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MISSING = 77;
const tools = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "realmgate-tools/node");
if (!existsSync(join(tools, "node_modules/express"))) {
  console.log("express is not installed (tests/node/install.sh)");
  process.exit(MISSING);
}
const express = createRequire(join(tools, "package.json"))("express");

const app = express();
app.set("trust proxy", true);
app.use(express.json());
app.get("/hello", (request, response) => response.json({ user: request.get("x-user-id"), from: request.ip }));
app.post("/orders", (request, response) => {
  response.status(201).json({ user: request.get("x-user-id"), order: request.body });
});
app.get("/old", (_request, response) => response.redirect("/hello"));
app.get("/back", (request, response) => response.redirect(`${request.protocol}://${request.host}${request.get("x-forwarded-prefix")}/hello`));
app.get("/cookie", (_request, response) => response.cookie("cart", "7", { httpOnly: true }).send("set"));
app.use("/files", express.static(fileURLToPath(new URL(".", import.meta.url))));
app.get("/chunks", async (_request, response) => {
  for (const part of ["one ", "two ", "three"]) {
    response.write(part);
    await new Promise((resolve) => setImmediate(resolve));
  }
  response.end();
});
app.get("/events", (request, response) => {
  response.set("content-type", "text/event-stream").flushHeaders();
  response.write(`data: ${request.get("x-user-id")}\n\n`);
  request.on("close", () => console.log("closed"));
});
app.get("/throws", () => {
  throw new Error("an error of the service");
});

const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
