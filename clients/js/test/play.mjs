// Plays on a real server: node --experimental-websocket play.mjs API_URL NAME. The last line it says is JSON of what it saw.

import { play } from "./testing/player.js";

const [base, name] = process.argv.slice(2);
console.log(JSON.stringify(await play(base, name)));
process.exit();
