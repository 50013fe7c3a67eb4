// The examples of the README, as they stand there.

import { readFileSync } from "node:fs";

/** The page for browsers, and the script for Node. */
export function examples() {
  const text = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const [html, js] = ["html", "js"].map((kind) => text.match(new RegExp(`\`\`\`${kind}\n([\\s\\S]*?)\`\`\``))[1]);
  return { html, js };
}
