// Everything that players do together: two browsers, a player in Rust and ten bots. A test starts it, which see for the arguments:
// tests/tests/realms/page/together.rs

import { Player } from "./testing/player.mjs";
import { Stage } from "./testing/stage.mjs";
import { inBrowser } from "./testing/visitor.mjs";
import { arrive } from "./together/arrive.mjs";
import { blackout } from "./together/blackout.mjs";
import { channels } from "./together/channels.mjs";
import { death } from "./together/death.mjs";
import { fight } from "./together/fight.mjs";
import { journey } from "./together/journey.mjs";
import { market } from "./together/market.mjs";
import { move } from "./together/move.mjs";
import { party } from "./together/party.mjs";
import { trade } from "./together/trade.mjs";
import { whisper } from "./together/whisper.mjs";

/** Each begins where the one before has ended. */
const ACTS = { arrive, move, whisper, party, trade, market, fight, journey, death, channels, blackout };

const stage = new Stage();
try {
  await inBrowser(async (browser) => {
    const anna = await Player.arrive(browser, "Anna");
    const bert = await Player.arrive(browser, "Bert", { hasWebTransport: false });
    const began = performance.now();
    for (const [name, act] of Object.entries(ACTS)) {
      const pictures = () => Promise.all([anna, bert].map((player) => player.picture(`together-${name}-${player.name}`)));
      try {
        await act({ anna, bert, rusty: stage.rusty, stage });
      } finally {
        await pictures();
      }
      for (const player of [anna, bert]) player.assertNoComplaint();
      console.log(`${name} (${((performance.now() - began) / 1000).toFixed(0)} s)`);
    }
  });
} finally {
  stage.close();
}
