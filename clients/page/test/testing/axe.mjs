// axe-core, which looks for what keeps people from using a page. Where it is missing, scripts say so and end with 77.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { missing, tools } from "../../../js/test/testing/chromium.mjs";

const SCRIPT = join(tools, "node_modules/axe-core/axe.min.js");

/** Answers what looks at a page: what is wrong there, in words. */
export async function axe() {
  if (!existsSync(SCRIPT)) missing("axe-core is not installed (tests/node/install.sh)");
  const source = await readFile(SCRIPT, "utf8");
  return async (page) => {
    const devtools = await page.context().newCDPSession(page);
    // The page's own policy lets no other script in; the debugger is not asked.
    await devtools.send("Runtime.evaluate", { expression: source });
    await devtools.detach();
    const { violations, passes } = await page.evaluate(() => globalThis.axe.run(document));
    if (passes.length === 0) throw new Error("axe-core has looked at nothing");
    return violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ html, any }) => `${id}: ${help}: ${any[0]?.message ?? ""} ${html}`),
    );
  };
}
