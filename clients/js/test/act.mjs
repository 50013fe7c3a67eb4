// An actor in Node: node act.mjs PLAY. PLAY is the JSON that `Actor.enter` takes; each line of stdin is an order, and
// each line of stdout a picture. It ends with its stdin.

import { createInterface } from "node:readline";
import { Actor } from "./testing/actor.js";

const play = JSON.parse(process.argv[2]);
const actor = await Actor.enter(play);
actor.show((picture) => console.log(JSON.stringify(picture)));
for await (const line of createInterface({ input: process.stdin })) actor.obey(JSON.parse(line));
process.exit();
