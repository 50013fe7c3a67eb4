// A picture of each map, each seen by a character that is there.

import { arrives, enters, goesBack, leaves, logsIn } from "../testing/member.mjs";

const PLACES = [
  ["map-greenvale", "Aldric"],
  ["map-darkwood", "Isolde"],
  ["map-barrow", "Corwin"],
];

export async function maps(browser) {
  const visitor = await arrives(browser, "aldric");
  await logsIn(visitor);
  for (const [name, character] of PLACES) {
    await enters(visitor, character);
    await visitor.picture(name);
    await goesBack(visitor);
  }
  await leaves(visitor);
}
