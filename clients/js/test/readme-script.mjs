// Runs the script of the README: node readme-script.mjs API_URL.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { examples } from "./testing/readme.js";

// The package finds itself by its name in its own folder.
const flags = ["--experimental-websocket", "--input-type=module", "-"];
const node = spawn(process.execPath, [...flags, ...process.argv.slice(2)], {
  cwd: fileURLToPath(new URL("..", import.meta.url)),
  stdio: ["pipe", "inherit", "inherit"],
});
node.stdin.end(examples().js);
node.on("exit", (code) => process.exit(code ?? 1));
