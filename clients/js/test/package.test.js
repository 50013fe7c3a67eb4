// What the package promises: its exports, their types, and what lies behind them.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import * as protocol from "../src/generated/protocol.js";
import * as library from "../src/index.js";
import { examples } from "./testing/readme.js";

const read = (path) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
const manifest = JSON.parse(read("package.json"));
const { exports: exported } = manifest;

/** The names that a file of types declares as values, each once, however many overloads it has. */
function declared(text) {
  return [
    ...new Set([...text.matchAll(/^export (?:declare )?(?:const|class|function) (\w+)/gm)].map(([, name]) => name)),
  ].sort();
}

test("each export is declared, and each declaration is there", () => {
  const types = read(exported["."].types);
  const passedOn = types.match(/^export \{([^}]*)\} from ".\/generated\/protocol.js";/m)[1].match(/\w+/g);
  assert.deepEqual([...declared(types), ...passedOn].sort(), Object.keys(library).sort());
  assert.deepEqual(declared(read(exported["./protocol"].types)), Object.keys(protocol).sort());
  assert.ok(Object.keys(library).length > 40);
});

test("each method that the types declare is there", () => {
  const types = read(exported["."].types);
  let checked = 0;
  for (const [, name, body] of types.matchAll(/^export class (\w+)(?: extends \w+)? \{\n([\s\S]*?)^\}/gm)) {
    const { prototype } = library[name];
    for (const [, isStatic, member] of body.matchAll(/^  (static )?(\w+)\(/gm)) {
      if (member === "constructor") continue;
      assert.equal(typeof (isStatic ? library[name] : prototype)[member], "function", `${name}.${member}`);
      checked += 1;
    }
    for (const [, member] of body.matchAll(/^  get (\w+)\(\)/gm)) {
      assert.equal(typeof Object.getOwnPropertyDescriptor(prototype, member)?.get, "function", `${name}.${member}`);
      checked += 1;
    }
    for (const member of Object.getOwnPropertyNames(prototype).filter((one) => one !== "constructor")) {
      assert.match(body, new RegExp(`\\b${member}\\(`), `${name}.${member} has no type`);
    }
  }
  assert.ok(checked > 100, `${checked} members`);
});

test("nothing is needed at run time", () => {
  for (const kind of ["dependencies", "peerDependencies", "optionalDependencies"]) {
    assert.equal(manifest[kind], undefined, kind);
  }
  const names = readdirSync(new URL("../src", import.meta.url), { recursive: true });
  const files = names.filter((name) => name.endsWith(".js"));
  assert.ok(files.length > 40, `${files.length} files`);
  for (const file of files) {
    const imports = read(`src/${file}`).matchAll(/(?:\bfrom |^import )"([^"]+)"|\bimport\("([^"]+)"\)/gm);
    for (const [, named, late] of imports) assert.match(named ?? late, /^\.{1,2}\//, `${file} needs another package`);
  }
});

test("the page of the README takes no more than 30 lines, and what both examples name is there", () => {
  const { html, js } = examples();
  const lines = html.split("\n").filter((line) => line.trim() !== "");
  assert.ok(lines.length <= 30, `${lines.length} lines`);
  for (const example of [html, js]) {
    const imports = example.match(/import \{([^}]*)\} from/)[1].match(/\w+/g);
    for (const name of imports) assert.ok(name in library, name);
    for (const [, name] of example.matchAll(/\b(?:player|api|entry)\.(\w+)/g)) {
      const isThere = [library.Player, library.Api, library.Entry].some(({ prototype }) => name in prototype);
      assert.ok(isThere, `nothing has ${name}`);
    }
  }
});
