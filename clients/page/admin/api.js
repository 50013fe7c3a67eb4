// Calls of the routes for administrators. The log-in is in a cookie that no script reads.

/** What a call is refused with. */
export class Refused extends Error {
  constructor(status, body) {
    super(words(status, body));
    this.status = status;
  }
}

/** Says that a call comes from this page: pages of others cannot. */
const HEADERS = { "x-realmgate-admin": "1" };

/**
 * A call below `/api/v1/admin`; its `data`, or all of it where there is a page of a list.
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 */
export async function call(method, path, body) {
  const answer = await send(method, `/api/v1/admin${path}`, body);
  return answer.meta ? answer : (answer.data ?? answer);
}

/** Who is logged in; its `username` is null for nobody. */
export const session = () => send("GET", "/admin/session");

/** Begins a log-in, by a name and a password or by a refresh token. */
export const logIn = (body) => send("POST", "/admin/session", body);

/** Ends it. */
export const logOut = () => send("DELETE", "/admin/session");

/** By which other accounts one may log in. */
export const providers = () => send("GET", "/api/v1/auth/providers");

/** Begins a log-in at a provider, which ends in this browser alone, and looks at how that goes. */
export const beginAt = (provider) => send("GET", `/api/v1/auth/${provider}?browser=true`);
export const outcomeOf = (session) => send("GET", `/api/v1/auth/session/${session}`);

async function send(method, path, body) {
  const headers = body ? { ...HEADERS, "content-type": "application/json" } : HEADERS;
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body), cache: "no-store" });
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(answer.status, said);
  return said;
}

function words(status, body) {
  const { error, message, errors, details } = body ?? {};
  const fields = errors ?? details ?? (typeof error === "object" ? error : null);
  const ofFields = fields && Object.entries(fields).map(([name, faults]) => `${name} ${[].concat(faults).join(", ")}`);
  return message || ofFields?.join("; ") || (typeof error === "string" ? error : "") || `The server answered with status ${status}`;
}
