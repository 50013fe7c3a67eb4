// The public HTTP API: accounts and characters.

/** How long an answer may take. A kept-alive connection may be dead without anybody noticing. */
const ANSWER_WITHIN_MS = 10_000;
/** How long to wait where the server says that waiting helps, but not how long. */
const RETRY_AFTER_S = 1;

/**
 * Why a call to the API failed. `kind` is `Refused` when the server refused it, and `problem` then says why;
 * `Unreachable` when it could not be reached; `Unreadable` when its answer does not follow the contract.
 */
export class ApiError extends Error {
  constructor(kind, message, { problem = null, cause } = {}) {
    super(message, { cause });
    this.name = "ApiError";
    this.kind = kind;
    this.problem = problem;
  }

  /** The stable code of a refusal, such as `USERNAME_TAKEN`; null for other errors. */
  get code() {
    return this.problem?.code ?? null;
  }

  /** Seconds to wait before asking again, if that can help: after too many requests, or from a busy server. */
  get retryAfterS() {
    const isWorthIt = this.problem?.status === 429 || this.problem?.status === 503;
    return isWorthIt ? (this.problem.retryAfterS ?? RETRY_AFTER_S) : null;
  }
}

/** A client of the API at one address. */
export class Api {
  #base;
  #fetch;

  /**
   * @param {string} base Such as `http://127.0.0.1:3000`.
   * @param {{ fetch?: typeof fetch }} [options]
   */
  constructor(base, { fetch = globalThis.fetch } = {}) {
    this.#base = base.replace(/\/+$/, "");
    this.#fetch = fetch;
  }

  /** Creates an account and logs in. Answers the tokens. */
  register(username, password) {
    return this.#ask("POST", "/auth/register", { body: { username, password } });
  }

  /** Logs in. Answers the tokens. */
  login(username, password) {
    return this.#ask("POST", "/auth/login", { body: { username, password } });
  }

  /** Logs in by an e-mail address. Answers the tokens, with the account's names. */
  async loginEmail(email, password) {
    return (await this.#ask("POST", "/api/v1/login", { body: { email, password } })).data;
  }

  /**
   * Logs in by a secret that this device keeps, of 128 random bits or more. The first time, an account is made. Answers as
   * `loginEmail`.
   */
  async loginDevice(deviceId) {
    return (await this.#ask("POST", "/api/v1/login/device", { body: { device_id: deviceId } })).data;
  }

  /** Renews a log-in of `loginEmail` or `loginDevice`, whose refresh token stays the same. Answers as they do. */
  async renew(refreshToken) {
    return (await this.#ask("POST", "/api/v1/refresh", { body: { refresh_token: refreshToken } })).data;
  }

  /** The account as its owner sees it. */
  me(accessToken) {
    return this.#ask("GET", "/api/v1/me", { token: accessToken });
  }

  /** Changes the account's user name. Returns the stored name, in lower case. */
  async setUsername(accessToken, username) {
    return (await this.#ask("PATCH", "/api/v1/me/username", { token: accessToken, body: { username } })).username;
  }

  /** Gives an account its first password; it logs in by its user name from then on. Every log-in ends, this one too. */
  async setPassword(accessToken, password) {
    await this.#request("PATCH", "/api/v1/me/password", { token: accessToken, body: { password } });
  }

  /** Sets the account's e-mail address, once the link in a mail that is sent there has been opened. */
  async setEmail(accessToken, email, currentPassword) {
    const body = { email, current_password: currentPassword };
    await this.#request("PATCH", "/api/v1/me/email", { token: accessToken, body });
  }

  /** Names of the providers that one may log in by. */
  async providers() {
    return (await this.#ask("GET", "/api/v1/auth/providers")).data;
  }

  /**
   * Begins a log-in by a provider or, with an access token, to link it. Answers where the player's browser goes, and the code
   * that the page shows on which it ends. With `browser`, from a page of the server itself, the browser is known by a cookie instead.
   */
  beginSignIn(provider, accessToken, { browser = false } = {}) {
    const query = browser ? "?browser=true" : "";
    return this.#ask("GET", `/api/v1/auth/${encodeURIComponent(provider)}${query}`, { token: accessToken });
  }

  /** How that stands. */
  signInStatus(sessionId) {
    return this.#ask("GET", `/api/v1/auth/session/${encodeURIComponent(sessionId)}`);
  }

  /** Exchanges the refresh token of `register` or `login` for a new pair. The old one becomes invalid. */
  refresh(refreshToken) {
    return this.#ask("POST", "/auth/refresh", { body: { refresh_token: refreshToken } });
  }

  /** Ends the login, also in the world. */
  async logout(accessToken) {
    await this.#request("POST", "/auth/logout", { token: accessToken });
  }

  /** The classes that a character can have. */
  classes() {
    return this.#ask("GET", "/character-classes");
  }

  /** The account's characters. */
  characters(accessToken) {
    return this.#ask("GET", "/characters", { token: accessToken });
  }

  /** Creates a character. */
  createCharacter(accessToken, name, classId) {
    return this.#ask("POST", "/characters", { token: accessToken, body: { name, class_id: classId } });
  }

  /** Changes the given fields of a character that is not in the world. */
  changeCharacter(accessToken, id, { name, appearance }) {
    return this.#ask("PATCH", `/characters/${encodeURIComponent(id)}`, {
      token: accessToken,
      body: { name, appearance },
    });
  }

  /** Deletes a character that is not in the world. While it is still listed, `restoreCharacter` undoes this. */
  async deleteCharacter(accessToken, id) {
    await this.#request("DELETE", `/characters/${encodeURIComponent(id)}`, { token: accessToken });
  }

  /** Restores a deleted character. */
  restoreCharacter(accessToken, id) {
    return this.#ask("POST", `/characters/${encodeURIComponent(id)}/restore`, { token: accessToken });
  }

  /** The channels that can be watched. Requires the service token. */
  watchable(serviceToken) {
    return this.#ask("GET", "/watch", { token: serviceToken });
  }

  /** Prepares a map server for a spectator. Returns the grant to connect with: see `Spectator`. */
  watch(serviceToken, { map, channel = null, server = null }) {
    const body = { map_id: map, channel, server_id: server };
    return this.#ask("POST", "/watch", { token: serviceToken, body });
  }

  /** The state of the gateway and the maps; null if the server answers 404. */
  async worldStatus() {
    try {
      return await this.#ask("GET", "/status");
    } catch (error) {
      if (error.problem?.status === 404) return null;
      throw error;
    }
  }

  /** The gateway's address, on the host of this API: `wss` where that is reached by `https`. */
  async gatewayUrl() {
    const port = (await this.worldStatus())?.gateway_port;
    if (!Number.isInteger(port)) throw new ApiError("Unreadable", "the API does not name the port of the gateway");
    const url = new URL(this.#base);
    return `${url.protocol === "https:" ? "wss" : "ws"}://${url.hostname}:${port}/ws`;
  }

  async #ask(method, path, options) {
    const response = await this.#request(method, path, options);
    try {
      return await response.json();
    } catch (error) {
      throw new ApiError("Unreadable", `cannot read the API's answer: ${error.message}`, { cause: error });
    }
  }

  async #request(method, path, { token, body } = {}) {
    const headers = {};
    if (token !== undefined) headers.authorization = `Bearer ${token}`;
    if (body !== undefined) headers["content-type"] = "application/json";
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
    let response;
    try {
      // As a call of its own: browsers refuse their fetch as a method of anything else.
      const fetch = this.#fetch;
      response = await fetch(`${this.#base}${path}`, { method, headers, signal, body: body && JSON.stringify(body) });
    } catch (error) {
      throw new ApiError("Unreachable", `cannot reach the API: ${error.message}`, { cause: error });
    }
    if (!response.ok) throw await refused(response);
    return response;
  }
}

/** The problem document (RFC 9457) of an answer, or the community's way to say the same, as an error. */
async function refused(response) {
  // A proxy between us and the server may answer without a problem document.
  const told = await response.json().catch(() => ({}));
  const seconds = Number(response.headers.get("retry-after") ?? NaN);
  const problem = {
    status: response.status,
    code: told?.code ?? (typeof told?.error === "string" ? told.error : ""),
    title: told?.title ?? "",
    detail: told?.detail ?? "",
    errors: told?.errors ?? {},
    retryAfterS: Number.isInteger(seconds) ? seconds : null,
  };
  const fields = Object.entries(problem.errors).map(([field, error]) => `; ${field}: ${JSON.stringify(error)}`);
  const message = `${problem.status} ${problem.code}: ${problem.detail || problem.title}${fields.join("")}`;
  return new ApiError("Refused", message, { problem });
}
