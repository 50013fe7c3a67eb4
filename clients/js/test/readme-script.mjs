// Runs the script of the README, and fails unless its character has hit something: node readme-script.mjs API_URL.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { examples } from "./testing/readme.js";

// The package finds itself by its name in its own folder.
const flags = ["--experimental-websocket", "--input-type=module", "-"];
const node = spawn(process.execPath, [...flags, ...process.argv.slice(2)], {
  cwd: fileURLToPath(new URL("..", import.meta.url)),
  stdio: ["pipe", "pipe", "inherit"],
});
let output = "";
node.stdout.on("data", (text) => (output += text));
node.stdin.end(examples().js);
node.on("close", (code) => {
  console.log(output);
  const hasHit = /^hits for [1-9]/m.test(output);
  if (!hasHit) console.error("the script of the README has hit nothing");
  process.exit(hasHit ? (code ?? 1) : code || 1);
});
