// Who is logged in: tokens in memory and for this tab, renewed when they are old.

import { loadOrMakeDeviceId } from "./device.js";
import { holdsAlone } from "./tabs.js";

const STORED_AS = "realmgate.log-in";
/** A token that ends within this time is renewed before it is shown. */
const RENEW_BEFORE_MS = 60_000;

/**
 * A log-in. It outlives a reload of the page, but not the tab. "ended" is told when the server takes it no more.
 */
export class LogIn extends EventTarget {
  #api;
  #storage;
  #tokens = null;
  /** Only one renewal at a time: a refresh token works once. */
  #renewal = null;

  #locks;

  /**
   * @param {import("../../../js/src/index.js").Api} api
   * @param {Storage} [storage]
   * @param {LockManager} [locks]
   */
  constructor(api, storage = globalThis.sessionStorage, locks = globalThis.navigator?.locks) {
    super();
    [this.#api, this.#storage, this.#locks] = [api, storage, locks];
    try {
      this.#tokens = JSON.parse(storage.getItem(STORED_AS) ?? "null");
    } catch {
      this.#tokens = null;
    }
  }

  get isThere() {
    return this.#tokens !== null;
  }

  /**
   * Whether this tab goes on with a log-in from before it was loaded. A copy of a tab comes with a copy of its log-in, whose next
   * renewal would end both: the copy forgets it.
   */
  async resume() {
    if (!this.isThere) return false;
    if (await holdsAlone(this.#tokens.id, this.#locks)) return true;
    this.forget();
    return false;
  }

  /** The user name that was typed, or that a guest was given. */
  get username() {
    return this.#tokens?.username ?? "";
  }

  /** Whether this browser alone can log in to the account. */
  get isGuest() {
    return this.#tokens?.isGuest ?? false;
  }

  /** By user name or e-mail address. */
  async begin(name, password) {
    const isAddress = name.includes("@");
    const tokens = isAddress ? this.#api.loginEmail(name, password) : this.#api.login(name, password);
    await this.#first({ ...(await tokens), stays: isAddress }, name);
  }

  /** As whom this browser knows; the first time, an account is made. */
  async beginAsGuest(kept = globalThis.localStorage) {
    const tokens = await this.#api.loginDevice(loadOrMakeDeviceId(kept));
    const { has_password: hasPassword, linked_providers: linked } = await this.#api.me(tokens.access_token);
    const isKept = Object.entries(linked).some(([provider, isLinked]) => isLinked && provider !== "device");
    const isGuest = !hasPassword && !isKept;
    await this.#first({ ...tokens, stays: true, isGuest }, tokens.username);
  }

  /** With the tokens that a log-in by a provider has brought. */
  async beginProven(tokens) {
    const { username } = await this.#api.me(tokens.access_token);
    await this.#first({ ...tokens, stays: true }, username);
  }

  /** A provider opens a guest's account from now on. */
  isKept() {
    if (!this.#tokens) return;
    this.#tokens.isGuest = false;
    this.#save();
  }

  /** Gives a guest's account a name and a password. */
  async keep(username, password) {
    const name = await this.with((token) => this.#api.setUsername(token, username));
    await this.withFresh((token) => this.#api.setPassword(token, password));
    await this.begin(name, password);
  }

  async register(username, password) {
    await this.#first(await this.#api.register(username, password), username);
  }

  /** Calls `ask` with a token that is valid, once more with a new one where the server refuses it. */
  async with(ask) {
    if (this.#tokens.endsAtMs - Date.now() < RENEW_BEFORE_MS) await this.renew();
    try {
      return await ask(this.#tokens.access_token);
    } catch (error) {
      if (error.problem?.status !== 401) throw error;
      await this.renew();
      return ask(this.#tokens.access_token);
    }
  }

  /** The same for what the server wants a log-in of the last minutes for: a guest's browser logs in once more. */
  async withFresh(ask, kept = globalThis.localStorage) {
    try {
      return await this.with(ask);
    } catch (error) {
      if (!this.isGuest || error.problem?.code !== "fresh_log_in_required") throw error;
      await this.beginAsGuest(kept);
      return this.with(ask);
    }
  }

  /** A token that was made just now: the gateway takes no log-in that lay idle for long. */
  async fresh() {
    await this.renew();
    return this.#tokens.access_token;
  }

  /** Trades the refresh token for new ones. Where the server takes it no more, nobody is logged in. */
  async renew() {
    this.#renewal ??= this.#renew().finally(() => (this.#renewal = null));
    await this.#renewal;
  }

  async #renew() {
    const { refresh_token: token, username, stays, id } = this.#tokens;
    try {
      const tokens = await (stays ? this.#api.renew(token) : this.#api.refresh(token));
      // Who has logged out meanwhile stays so.
      if (this.#tokens?.refresh_token !== token) return;
      this.#store({ ...tokens, username, stays, isGuest: this.#tokens.isGuest, id });
    } catch (error) {
      if (error.problem?.status === 401) {
        this.forget();
        this.dispatchEvent(new Event("ended"));
      }
      throw error;
    }
  }

  /** Logs out, also in the world. */
  async end() {
    const token = this.#tokens?.access_token;
    this.forget();
    // Whoever cannot reach the server is logged out here all the same.
    if (token) await this.#api.logout(token).catch(() => {});
  }

  forget() {
    this.#tokens = null;
    this.#storage.removeItem(STORED_AS);
  }

  async #first(tokens, username) {
    const id = `${STORED_AS}.${crypto.getRandomValues(new Uint32Array(4)).join("-")}`;
    await holdsAlone(id, this.#locks);
    this.#store({ ...tokens, username, id });
  }

  #store(tokens) {
    this.#tokens = { ...tokens, endsAtMs: Date.now() + 1000 * tokens.expires_in };
    this.#save();
  }

  #save() {
    this.#storage.setItem(STORED_AS, JSON.stringify(this.#tokens));
  }
}
