// Makes the pictures of every screen: node pictures.mjs URL FOLDER TOKEN [SCENE…]. The server has the cast of
// tests/src/browser/cast.rs.

import { bag, settings, vendor } from "./pictures/alone.mjs";
import { characters, landing, logIn } from "./pictures/before-play.mjs";
import { boss, death, fight, moving } from "./pictures/fights.mjs";
import { maps } from "./pictures/maps.mjs";
import { phone } from "./pictures/phone.mjs";
import { partyAndChat, trade } from "./pictures/company.mjs";
import { inBrowser } from "./testing/visitor.mjs";

const SCENES = {
  landing,
  logIn,
  characters,
  maps,
  fight,
  boss,
  death,
  bag,
  vendor,
  settings,
  partyAndChat,
  trade,
  phone,
};
/** Frames of a moving picture: made when it is asked for alone. */
const MOVING = { moving };
const chosen = process.argv.slice(5);

await inBrowser(async (browser) => {
  for (const [name, make] of Object.entries({ ...SCENES, ...MOVING })) {
    if (chosen.length > 0 ? !chosen.includes(name) : name in MOVING) continue;
    console.error(`${name} …`);
    await make(browser);
  }
});
