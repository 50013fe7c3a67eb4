// A real OpenID provider, and a browser in front of it: node openid.mjs [UNIX_MS]. The first line it says is its issuer. Then each
// line that it hears is JSON: `{"visit": URL, "as": USER}` goes there, logs in and agrees, and says where the provider sends the
// browser; `{"rotate": true}` has other keys from then on.

import { generateKeyPairSync } from "node:crypto";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

// A sidecar under test may have a clock that stands still.
if (process.argv[2]) Date.now = () => Number(process.argv[2]);
// It recommends other versions of Node, in warnings.
console.info = console.warn = () => {};

const MISSING = 77;
const tools = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "realmgate-tools/node");
if (!existsSync(join(tools, "node_modules/oidc-provider"))) {
  console.log("oidc-provider is not installed (tests/node/install.sh)");
  process.exit(MISSING);
}
const entry = createRequire(join(tools, "package.json")).resolve("oidc-provider");
const { Provider } = await import(pathToFileURL(entry).href);

let answer;
const server = createServer((request, response) => answer(request, response)).listen(0, "127.0.0.1");
await new Promise((resolve) => server.once("listening", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

/** One who signs with a key of this name. */
function provider(kid) {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const own = new Provider(issuer, {
    clients: [
      {
        client_id: "realm",
        client_secret: "a secret of the realm's",
        redirect_uris: ["https://realm.example/auth/google/callback"],
      },
      {
        // On this machine, on any port.
        client_id: "here",
        client_secret: "a secret of the realm's",
        application_type: "native",
        redirect_uris: ["http://127.0.0.1/auth/google/callback"],
      },
      ...["app", "other"].map((client_id) => ({
        client_id,
        redirect_uris: [`https://${client_id}.example/back`],
        response_types: ["id_token"],
        grant_types: ["implicit"],
        token_endpoint_auth_method: "none",
      })),
    ],
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid, use: "sig", alg: "RS256" }] },
    cookies: { keys: ["a secret of the provider's"] },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "picture"] },
    conformIdTokenClaims: false,
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        name: `${id} of the provider`,
        picture: `https://pictures.example/${id}.png`,
        email: `${id.replace("-unverified", "")}@example.org`,
        email_verified: !id.endsWith("-unverified"),
      }),
    }),
  });
  return own.callback();
}
answer = provider("first");

/** A browser that keeps what it is given, and follows until it is sent away from the provider. */
async function visit(url, user) {
  const cookies = new Map();
  const go = async (to, form) => {
    const headers = { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") };
    const method = form ? "POST" : "GET";
    const answered = await fetch(to, { method, headers, body: form && new URLSearchParams(form), redirect: "manual" });
    for (const line of answered.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (value === "") cookies.delete(name);
      else cookies.set(name, value);
    }
    return answered;
  };
  let [at, form] = [url, undefined];
  for (;;) {
    const answered = await go(at, form);
    const next = answered.headers.get("location");
    if (next) {
      at = new URL(next, at).href;
      form = undefined;
      if (!at.startsWith(issuer)) return at;
      continue;
    }
    const text = await answered.text();
    const prompt = /name="prompt" value="(\w+)"/.exec(text)?.[1];
    if (!prompt) throw new Error(`${answered.status} at ${at}: ${text.slice(0, 500)}`);
    form = prompt === "login" ? { prompt, login: user, password: "x" } : { prompt };
  }
}

console.log(issuer);
for await (const line of createInterface({ input: process.stdin })) {
  const { visit: url, as, rotate } = JSON.parse(line);
  if (rotate) answer = provider("second");
  const at = rotate ? "rotated" : await visit(url, as).catch((error) => `failed: ${error.message}`);
  console.log(at);
}
process.exit(0);
