// Entering the world through the gateway, with as many tickets as it takes, and a newer access token if one is refused.

import { GameClient } from "./client.js";
import { Gateway } from "./gateway.js";

/**
 * What a program hands in. `freshToken` answers a newer access token; it is asked when the gateway takes the old one no
 * more, once for each ticket.
 * @typedef {import("./host.js").HostOptions & { freshToken?: () => Promise<string> | string }} EntryOptions
 */

/** One character's way into the world. */
export class Entry {
  #gatewayUrl;
  #accessToken;
  #characterId;
  #options;
  #freshToken;
  #gateway = null;
  #tickets = 0;

  /**
   * @param {string} gatewayUrl Such as `Api.gatewayUrl` answers.
   * @param {string} accessToken Of the character's account.
   * @param {string} characterId
   * @param {EntryOptions} [options]
   */
  constructor(gatewayUrl, accessToken, characterId, { freshToken = null, ...options } = {}) {
    [this.#gatewayUrl, this.#accessToken, this.#characterId] = [gatewayUrl, accessToken, characterId];
    [this.#freshToken, this.#options] = [freshToken, options];
  }

  /** Sets a newer access token, after a refresh. Closes the open gateway socket. */
  setAccessToken(accessToken) {
    this.#accessToken = accessToken;
    this.close();
  }

  /** Number of tickets requested so far. */
  get tickets() {
    return this.#tickets;
  }

  /**
   * Enters the world, on `channel` or the least loaded one. A journey that fails comes back to the gateway too.
   *
   * Rejects with a `GatewayError` or an `EnterError`, or with what `freshToken` rejects with.
   * @param {import("./client.js").ClientOptions & { channel?: number | null }} [options]
   * @returns {Promise<GameClient>}
   */
  async enter({ channel = null, ...options } = {}) {
    // On another map the channel's number means another channel.
    const anotherGrant = ({ isTravelling, signal }) => this.ticket(isTravelling ? null : channel, signal);
    const grant = await this.ticket(channel, options.signal);
    return GameClient.enter(grant, { ...this.#options, ...options, anotherGrant });
  }

  /**
   * Gets a ticket from the gateway, over the open socket if it still works, and with a newer token if it wants one.
   * @param {number | null} [channel]
   * @param {AbortSignal | null} [signal] Calls it off: no ticket is asked for any more.
   * @returns {Promise<import("./grant.js").EntryGrant>}
   */
  async ticket(channel = null, signal = null) {
    signal?.throwIfAborted();
    this.#tickets += 1;
    if (this.#gateway?.isOpen) {
      try {
        return await this.#gateway.enterWorld(this.#characterId, channel);
      } catch (error) {
        if (error.kind !== "Closed") throw error;
      }
    }
    try {
      return await this.#ticketAnew(channel, signal);
    } catch (error) {
      if (!this.#freshToken || !error.wantsFreshTokens) throw error;
    }
    this.setAccessToken(await this.#freshToken());
    return this.#ticketAnew(channel, signal);
  }

  /** Over a new socket, with the token that there is. */
  async #ticketAnew(channel, signal) {
    signal?.throwIfAborted();
    const gateway = await Gateway.connect(this.#gatewayUrl, this.#accessToken, this.#options);
    if (signal?.aborted) gateway.close();
    signal?.throwIfAborted();
    this.#gateway = gateway;
    return this.#gateway.enterWorld(this.#characterId, channel);
  }

  /** Closes the gateway socket. This does not remove a player from the world. */
  close() {
    this.#gateway?.close();
    this.#gateway = null;
  }
}
