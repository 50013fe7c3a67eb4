// Measures the page: node measure.mjs URL FOLDER arrival|frames|memory MINUTES. Prints figures as JSON, one a line: what was measured,
// what it is held against, and how. `cargo xtask browser --measure` starts it, with a crowd where one is needed, and makes a table.

import { arrival } from "./measure/arrival.mjs";
import { frames } from "./measure/frames.mjs";
import { memory } from "./measure/memory.mjs";
import { inBrowser } from "./testing/visitor.mjs";

const [what, minutes] = process.argv.slice(4);

await inBrowser(async (browser) => {
  const figures = await { arrival, frames, memory }[what](browser, Number(minutes));
  for (const figure of figures) console.log(JSON.stringify(figure));
});
