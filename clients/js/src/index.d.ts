// Types of the library. Those of the protocol's values are generated: `./generated/protocol.d.ts`.

import type {
  ClientMessage,
  Components,
  EntityKind,
  ItemView,
  AbilityInfo,
  ClassInfo,
  ItemInfo,
  LeaveReason,
  MobInfo,
  OfferView,
  PartyMember,
  PlaceInfo,
  Position,
  Refusal,
  Rules,
  ServerMessage,
} from "./generated/protocol.js";

export type * from "./generated/protocol.js";
export {
  COMPONENTS,
  DATAGRAM_VERSION,
  ENTITY_KINDS,
  LEAVE_REASONS,
  LIMITS,
  PROTOCOL_HASH,
  REFUSALS,
  STATUS_FLAGS,
} from "./generated/protocol.js";

// --- accounts and characters ---

/** The tokens of a login. */
export interface Tokens {
  /** The bearer token. */
  access_token: string;
  /** The account's id. */
  user_id: string;
  /** Can be exchanged for new tokens once. */
  refresh_token: string;
  /** Seconds that the access token is valid. */
  expires_in: number;
}

/** A class that a character can have. */
export interface CharacterClass {
  id: string;
  name: string;
  description: string;
}

/** A character of the account. */
export interface Character {
  /** Its id, for the gateway. */
  id: string;
  name: string;
  level: number;
  /** The id of its class. */
  class_id: string;
  /** The display name of its class. */
  class_name: string;
  /** The appearance that the player chose; null if none. */
  appearance: Record<string, string | number | boolean> | null;
  /** When it will be deleted, in Unix milliseconds; null if no deletion is due. */
  deletes_at_ms: number | null;
}

/** The names of an account. */
export interface Names {
  /** Unique; lower case. */
  username: string;
  /** Not unique; may be empty. */
  display_name: string;
}

/** Fields of a character to change. */
export interface CharacterChange {
  name?: string;
  appearance?: Record<string, string | number | boolean>;
}

/** A problem document (RFC 9457), with its HTTP status and `Retry-After` header. */
export interface Problem {
  status: number;
  /** A stable code in capitals; empty if the answer had none. */
  code: string;
  title: string;
  detail: string;
  /** Errors by field. */
  errors: Record<string, unknown>;
  /** Seconds to wait before the next try, from the `Retry-After` header. */
  retryAfterS: number | null;
}

/** Why a call to the API failed. */
export class ApiError extends Error {
  constructor(kind: ApiError["kind"], message: string, more?: { problem?: Problem | null; cause?: unknown });
  readonly kind: "Refused" | "Unreachable" | "Unreadable";
  /** Why the server refused; null for other errors. */
  readonly problem: Problem | null;
  /** The stable code of a refusal, such as `USERNAME_TAKEN`; null for other errors. */
  get code(): string | null;
  /** Seconds to wait before the next try; null if trying again does not help. */
  get retryAfterS(): number | null;
}

/** A client of the HTTP API at one address. Every call rejects with an `ApiError`. */
export class Api {
  constructor(base: string, options?: { fetch?: typeof fetch });
  /** Creates an account and logs in. */
  register(username: string, password: string): Promise<Tokens>;
  /** Logs in with user name and password. */
  login(username: string, password: string): Promise<Tokens>;
  /** Logs in with e-mail address and password. */
  loginEmail(email: string, password: string): Promise<Tokens & Names>;
  /** Logs in with a secret that this device keeps. The first login creates the account. */
  loginDevice(deviceId: string): Promise<Tokens & Names>;
  /** Renews a login of `loginEmail` or `loginDevice`. The refresh token stays the same. */
  renew(refreshToken: string): Promise<Tokens & Names>;
  /** The account as its owner sees it: docs/community.md. */
  me(accessToken: string): Promise<Names & { has_password: boolean; [more: string]: unknown }>;
  /** Changes the account's user name. Returns the stored name, in lower case. */
  setUsername(accessToken: string, username: string): Promise<string>;
  /** Sets the first password of an account. This ends every login, this one too. */
  setPassword(accessToken: string, password: string): Promise<void>;
  /** Sends a confirmation e-mail. The address is set when its link is opened. */
  setEmail(accessToken: string, email: string, currentPassword: string): Promise<void>;
  /** Names of the login providers, such as `google`. */
  providers(): Promise<string[]>;
  /**
   * Starts a login with a provider. With an access token, it links the provider to the account. Open `authorization_url` in the player's
   * browser. The last page there shows `code`: show it too. With `browser`, for pages of the server itself, a cookie takes its place.
   */
  beginSignIn(
    provider: string,
    accessToken?: string,
    options?: { browser?: boolean },
  ): Promise<{ authorization_url: string; session_id: string; code?: string }>;
  /** The state of such a login. `data` holds `Tokens` when it is completed, or the code of an error or a conflict. */
  signInStatus(
    sessionId: string,
  ): Promise<{ status: "pending" | "completed" | "error" | "conflict"; message: string; data: any }>;
  /** Exchanges the refresh token of `register` or `login` for a new pair. The old one becomes invalid. */
  refresh(refreshToken: string): Promise<Tokens>;
  /** Ends the login, also in the world. */
  logout(accessToken: string): Promise<void>;
  /** The classes that a character can have. */
  classes(): Promise<CharacterClass[]>;
  /** The account's characters. */
  characters(accessToken: string): Promise<Character[]>;
  /** Creates a character. */
  createCharacter(accessToken: string, name: string, classId: string): Promise<Character>;
  /** Changes the given fields of a character that is not in the world. */
  changeCharacter(accessToken: string, id: string, change: CharacterChange): Promise<Character>;
  /** Deletes a character that is not in the world. */
  deleteCharacter(accessToken: string, id: string): Promise<void>;
  /** Restores a deleted character. */
  restoreCharacter(accessToken: string, id: string): Promise<Character>;
  /** The channels that can be watched. Requires the service token. */
  watchable(serviceToken: string): Promise<WatchableChannel[]>;
  /** Prepares a map server for a spectator. Returns the grant to connect with: see `Spectator`. */
  watch(serviceToken: string, watched: Watched): Promise<EntryGrant>;
  /** The state of the gateway and the maps; null if the server answers 404. */
  worldStatus(): Promise<any>;
  /** The gateway's address, on the host of this API. */
  gatewayUrl(): Promise<string>;
}

/** A channel that can be watched. */
export interface WatchableChannel {
  map_id: number;
  /** The name of the map; null if its server sends none. */
  map_name: string | null;
  channel: number;
  server_id: string;
  server_name: string;
  /** Players in the channel and on the way there. */
  players: number;
  /** Whether it is full. */
  is_full: boolean;
}

/** The channel to watch: by default the map's channel with the most players, on any map server. */
export interface Watched {
  map: number;
  channel?: number | null;
  server?: string | null;
}

// --- tickets into the world ---

/** Replacements for the browser's or Node's own functions. */
export interface HostOptions {
  WebSocket?: new (url: string, protocols?: string[]) => any;
  WebTransport?: new (url: string, options?: object) => any;
  /** Milliseconds of a clock that never goes back. */
  now?: () => number;
  setTimeout?: (callback: () => void, ms: number) => any;
  clearTimeout?: (timer: any) => void;
  /** Gets each line of the log. The default is the browser's console, and stderr in Node. */
  log?: (line: string) => void;
}

/** A single-use grant to enter the world. */
export interface EntryGrant {
  character_id: string | null;
  map_ip: string;
  map_port: number;
  /** The ticket in base64url. */
  ticket: string;
  /** Where the character arrives, in tiles; null if its map server sends none. */
  spawn_pos: { x: number; y: number } | null;
  map_id: number;
  map_name: string | null;
  channel: number;
  server_id: string;
  /** The netcode connect token, for UDP. */
  connect_token: string;
  /** The map server's WebSocket; null if it has none. */
  map_ws_url: string | null;
  /** The map server's WebTransport; null if it has none. */
  map_wt_url: string | null;
  /** The SHA-256 of its certificate in hexadecimal digits; null for a certificate that browsers trust. */
  map_wt_cert_sha256: string | null;
  /** 16 hexadecimal digits. */
  protocol_hash: string;
  /** Seconds that the ticket is valid. */
  expires_in: number;
}

/** Reads a grant from its JSON. Throws a `TypeError` if the JSON is invalid. */
export function readGrant(data: unknown): EntryGrant;

/** Why a request to the gateway failed. */
export class GatewayError extends Error {
  constructor(
    kind: GatewayError["kind"],
    message: string,
    more?: { code?: string | null; reason?: string; retryAfterS?: number | null; closeCode?: number | null },
  );
  readonly kind: "Unreachable" | "Refused" | "Closed" | "Silent" | "Unreadable";
  /** The stable code of a refusal, such as `MAP_FULL`; null for other errors. */
  readonly code: string | null;
  /** The reason of a refusal, for people; empty for other errors. */
  readonly reason: string;
  /** Seconds to wait before the next try; null if the gateway sends none. */
  readonly retryAfterS: number | null;
  /** The close code of the socket: 1008 for an invalid token, 4001 when another login replaced this one. */
  readonly closeCode: number | null;
  /** Whether newer tokens are needed: refresh them, or log in again. */
  get wantsFreshTokens(): boolean;
}

/** An open gateway socket. Closing it does not remove a player from the world. */
export class Gateway {
  private constructor();
  /** Connects, authenticates and waits for the welcome. Rejects with a `GatewayError`. */
  static connect(url: string, accessToken: string, options?: HostOptions): Promise<Gateway>;
  /** Requests a ticket to enter the world. Rejects with a `GatewayError`. */
  enterWorld(characterId: string, channel?: number | null): Promise<EntryGrant>;
  /** Leaves the world, and waits until the character is saved and can enter again. */
  leaveWorld(): Promise<void>;
  /** Whether the socket is still open. */
  get isOpen(): boolean;
  /** Closes the socket. */
  close(): void;
}

/** Options of an `Entry`. */
export interface EntryOptions extends HostOptions {
  /**
   * Returns a newer access token, after a refresh. Called when the gateway refuses the old one, at most once for each ticket.
   * If it rejects, entering rejects with the same error. A `Player` tries again after a temporary `ApiError`.
   */
  freshToken?: () => Promise<string> | string;
}

/** Gets tickets for one character and enters the world with them. */
export class Entry {
  constructor(gatewayUrl: string, accessToken: string, characterId: string, options?: EntryOptions);
  /** Sets a newer access token, after a refresh. Closes the open gateway socket. */
  setAccessToken(accessToken: string): void;
  /** Number of tickets requested so far. */
  get tickets(): number;
  /** Enters the world. Rejects with a `GatewayError` or an `EnterError`, or with what `freshToken` rejects with. */
  enter(options?: ClientOptions & { channel?: number | null }): Promise<GameClient>;
  /** Gets a ticket from the gateway. */
  ticket(channel?: number | null, signal?: AbortSignal | null): Promise<EntryGrant>;
  /** Closes the gateway socket. This does not remove a player from the world. */
  close(): void;
}

// --- in the world ---

/** The aim of an ability. */
export type Aim =
  | { type: "None" }
  | { type: "Entity"; entity: number }
  | { type: "Point"; point: Position }
  | { type: "Direction"; direction: number };

/** The server time at which the player saw others when it used an ability: a tick, and 0 to 7 eighths of the next. */
export interface Seen {
  tick: number;
  part: number;
}

/** The use of an ability. Without `seen` (see `Display.withSeen`), the newest snapshot counts. */
export interface Action {
  slot: number;
  aim: Aim;
  seen?: Seen | null;
}

/** The input of a player for one tick. */
export interface Intent {
  /** The direction to walk in, 0 (east) to 255; null to stand. */
  heading?: number | null;
  /** The ability to use, if any. */
  action?: Action | null;
}

/** The input of one tick with its number, from 1. */
export interface InputCommand {
  number: number;
  heading: number | null;
  action: Action | null;
}

/** The body of a client's frame. */
export interface ClientFrame {
  /** The newest snapshot applied, 0 for none; bit `i` of `before` stands for tick `newest - 1 - i`. */
  ack: { newest: number; before: number };
  /** The newest commands, oldest first. */
  commands: InputCommand[];
}

/** Why a connection ended. `code` and `reason` are those of the WebSocket; a WebTransport session has the same codes. */
export interface CloseReason {
  type: "Denied" | "Refused" | "ByServer" | "TimedOut" | "ByClient" | "Socket";
  code: number;
  reason: string;
}

/** How a player's stay in the world ended. */
export interface End {
  /** The reason that the server gave; null if it gave none. */
  left: LeaveReason | null;
  /** Why the connection closed. */
  closeReason: CloseReason | null;
  /** Why a travel failed; null if none did. */
  error: Error | null;
}

/** Why a client did not enter the world with a grant. */
export class EnterError extends Error {
  constructor(
    kind: EnterError["kind"],
    message: string,
    more?: { closeReason?: CloseReason | null; left?: LeaveReason | null },
  );
  readonly kind:
    | "NoWebSocket"
    | "NoWebTransport"
    | "Ticket"
    | "Hash"
    | "ProtocolMismatch"
    | "Closed"
    | "Refused"
    | "SentAway"
    | "Silent";
  /** Why the connection ended, if `kind` is `Closed`. */
  readonly closeReason: CloseReason | null;
  /** The server's reason, if `kind` is `SentAway`. */
  readonly left: LeaveReason | null;
  /** Whether trying with another ticket may help. */
  get isWorthAnotherTicket(): boolean;
}

/** Options of a `GameClient`: the input of each tick, and callbacks. */
export interface ClientOptions extends HostOptions {
  /** The solid tiles of maps that are too large for the server to send, by map. */
  grids?: Map<number, CollisionGrid>;
  /** How long to wait for the connection to open; 10 s by default. */
  acceptWithinMs?: number;
  /** `auto` (the default) uses WebTransport if it is available, and WebSocket if that does not connect within 3 s. */
  transport?: "auto" | "websocket" | "webtransport";
  /** Cancels entering, which rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Called once in each tick. */
  intent?: (client: GameClient) => Intent;
  /** Gets another ticket when one could not be used. `Entry` sets it. */
  anotherGrant?: (why: { isTravelling: boolean; signal: AbortSignal | undefined }) => Promise<EntryGrant>;
  /** Called for each session before its first message, also after a travel. */
  onEnter?: (client: GameClient) => void;
  onMessage?: (message: ServerMessage, client: GameClient) => void;
  onSnapshot?: (client: GameClient) => void;
  onTick?: (client: GameClient) => void;
  onTravel?: (client: GameClient) => void;
  onEnd?: (end: End, client: GameClient) => void;
}

/** A player in the world: ticks at the server's rate, travels from server to server, and logs out. */
export class GameClient {
  private constructor();
  /** Connects with a grant and enters the world. Rejects with an `EnterError`. */
  static enter(grant: EntryGrant, options?: ClientOptions): Promise<GameClient>;
  /** What the player sees, owns and predicts. A new one after each travel. */
  get session(): Session;
  /** The player's predicted position; null before the first snapshot. */
  get position(): Position | null;
  /** Counters of this connection, in both directions. */
  get traffic(): Traffic;
  /** The transport to the map server. */
  get transport(): "websocket" | "webtransport";
  /** Whether the client is connected: it has not ended and is not traveling. */
  get isConnected(): boolean;
  /** How the stay in the world ended; null while it lasts. */
  get end(): End | null;
  /** Creates the `Display` for a screen: see `show`. A client without a screen does not need it. */
  openDisplay(): void;
  /** What a screen shows; null before `openDisplay`. A new one after each travel. */
  get display(): Display | null;
  /** Advances the display. Call it before each frame; `heading` is the direction that the player presses now. */
  show(heading?: number | null): void;
  /** Queues a request for the next tick. Returns its id, which `Refused.answers` has. */
  ask(message: ClientMessage): number;
  /** Logs out, and waits until the server has saved and confirmed it. */
  logOut(): Promise<End>;
  /** Ends the connection at once. The player stays in the world until the server notices. */
  close(): void;
}

/** Events of a player that its session does not show. */
export type PlayerEvent =
  /** A message from the server. The session has already applied it. */
  | { type: "Told"; message: ServerMessage }
  /** The connection is lost. The player reconnects. */
  | { type: "Lost"; reason: CloseReason }
  /** The player travels to another map or channel. */
  | { type: "Travels" }
  /** The player is in the world again, with a new session. */
  | { type: "Entered" }
  /** The server removed the player. It does not reconnect. */
  | { type: "Left"; reason: LeaveReason }
  /** The player cannot return to the world. The account may have to log in again. */
  | { type: "GaveUp"; error: Error };

/** Options of a `Player`: the input of each tick, and callbacks. */
export interface PlayerOptions extends Omit<ClientOptions, "intent" | "anotherGrant"> {
  /** The channel to enter first; the least loaded one by default. */
  channel?: number | null;
  /** Cancels `Player.enter`, which rejects with the signal's reason. `close` ends a player in the world. */
  signal?: AbortSignal;
  /** Called once in each tick. */
  intent?: (player: Player) => Intent;
  /** Called for each event. The first ones come before `enter` resolves. */
  onEvent?: (event: PlayerEvent, player: Player) => void;
}

/**
 * A player who stays in the world through travels and lost connections, with a display at all times. It tries to reconnect
 * for two minutes.
 */
export class Player {
  private constructor();
  /** Enters the world. The player then owns the entry and closes it. Rejects as `Entry.enter`. */
  static enter(entry: Entry, options?: PlayerOptions): Promise<Player>;
  /** The client. A new one after each reconnect. */
  get client(): GameClient;
  /** What the player sees, owns and predicts. A new one after each `Entered`. */
  get session(): Session;
  /** What a screen shows. A new one after each `Entered`. */
  get display(): Display;
  /** Whether the player is connected. */
  get isConnected(): boolean;
  /** Queues a request. Returns its id, which `Refused.answers` has; null if it was dropped without a connection. */
  ask(message: ClientMessage): number | null;
  /** Advances the display. Call it before each frame; `heading` is the direction that the player presses now. */
  show(heading?: number | null): void;
  /** Where an entity, or the player itself, is shown in this frame, in units; null if it is not in view. */
  place(entity?: number): Point | null;
  /** Logs out, and waits until the server has saved and confirmed it. Stops reconnecting. */
  logOut(): Promise<End>;
  /** Ends the connection or the reconnecting at once. The player stays in the world until the server notices. */
  close(): void;
}

/** Events of a spectator that its session does not show. */
export type SpectatorEvent =
  | { type: "Lost"; reason: CloseReason }
  /** Reconnecting failed. The spectator tries again. */
  | { type: "Waits"; error: Error }
  | { type: "Entered" }
  /** Reconnecting cannot succeed: the token is wrong, or the program is too old. */
  | { type: "GaveUp"; error: Error };

/** Options of a `Spectator`. */
export interface SpectatorOptions extends HostOptions {
  transport?: "auto" | "websocket" | "webtransport";
  signal?: AbortSignal;
  onEvent?: (event: SpectatorEvent, spectator: Spectator) => void;
  onSnapshot?: (spectator: Spectator) => void;
}

/** A spectator of a channel, without a character. It reconnects until `close`. */
export class Spectator {
  private constructor();
  /** Starts to watch. Rejects with an `ApiError` or an `EnterError`. */
  static watch(api: Api, serviceToken: string, watched: Watched, options?: SpectatorOptions): Promise<Spectator>;
  /** What the spectator sees. A new one after each `Entered`. */
  get session(): Session;
  /** What a screen shows. A new one after each `Entered`. */
  get display(): Display;
  /** The grant that it entered with: it names the map, the channel and the server. */
  get grant(): EntryGrant;
  /** Counters of this connection, in both directions. */
  get traffic(): Traffic;
  /** The transport to the map server. */
  get transport(): string;
  /** Whether the spectator is connected. */
  get isConnected(): boolean;
  /** Where the server lets the spectator look from, in units; null before the first snapshot. */
  get viewpoint(): Point | null;
  /** Moves the view to a point, in units, and follows the given entity. May be called in each frame. */
  look(at: Point, follow?: number | null): void;
  /** Advances the display. Call it before each frame. */
  show(): void;
  /** Where an entity is shown in this frame, in units; null if it is not in view. */
  place(entity: number): Point | null;
  /** Ends the connection or the reconnecting at once. */
  close(): void;
}

// --- the parts without I/O ---

/** Received bytes break the protocol. None of them were applied. */
export class ProtocolError extends Error {
  constructor(code: string, message: string);
  /** The code of the broken rule. */
  readonly code: string;
}

/** Why a message was not queued. */
export class QueueError extends Error {
  constructor(code: QueueError["code"], message: string);
  readonly code: "Length" | "Full";
}

/** Encodes a reliable message. */
export function encodeReliable(type: "ClientMessage", message: ClientMessage): Uint8Array;
export function encodeReliable(type: "ServerMessage", message: ServerMessage): Uint8Array;
/** Decodes a reliable message. Throws a `ProtocolError` unless the bytes are exactly one. */
export function decodeReliable(type: "ClientMessage", bytes: Uint8Array): ClientMessage;
export function decodeReliable(type: "ServerMessage", bytes: Uint8Array): ServerMessage;

/** Counters of both directions. Bad payloads were dropped. */
export interface Traffic {
  bytesIn: number;
  bytesOut: number;
  payloadsIn: number;
  payloadsOut: number;
  badPayloads: number;
}

/** Something received from the server: the body of a snapshot, or a reliable message. */
export interface Incoming {
  type: "Frame" | "Message";
  bytes: Uint8Array;
}

/** Payloads over any transport. The caller passes the time. */
export class Connection {
  constructor();
  traffic: Traffic;
  /** Takes a payload from the server. A bad one is counted and dropped. */
  receive(bytes: Uint8Array, nowMs: number): void;
  /** The next received frame or message; null if there is none. */
  nextIncoming(): Incoming | null;
  /** Queues a reliable message. Returns its id. Throws a `QueueError`. */
  sendMessage(message: Uint8Array): number;
  /** Whether every sent message has been acknowledged. */
  get isAllAcknowledged(): boolean;
  /** The payloads to send in a client's tick. */
  tick(frame: ClientFrame | null, nowMs: number): Uint8Array[];
}

/** Carries payloads, for your own transport. */
export interface Wire {
  /** Whether a tick's payloads can be sent now. `unheardMs` is the time since the last received payload. */
  isReady(unheardMs: number): boolean;
  send(payload: Uint8Array): void;
  /** Tells the other end that the connection is closed. */
  close(): void;
}

/** A `Connection` on a wire. */
export class Transport {
  constructor(host: { now(): number; after(ms: number, callback: () => void): () => void }, wire: Wire);
  /** Waits until the wire is open. Rejects with a `CloseReason` if it ends before, or takes longer. */
  opening(isOpen: Promise<void>, withinMs: number, signal: AbortSignal | null): Promise<void>;
  /** Sets the callbacks for received data and for the end. */
  listen(listener: { incoming?: (incoming: Incoming) => void; ended: (reason: CloseReason) => void }): void;
  /** Queues a reliable message for the next tick. Returns its id. */
  sendMessage(message: Uint8Array): number;
  /** Ends a client tick: sends the frame, and the due messages and acknowledgements. */
  finishTick(frame: ClientFrame | null): void;
  /** Why the connection ended; null while it lasts. */
  get closeReason(): CloseReason | null;
  /** Counters of both directions so far. */
  get traffic(): Traffic;
  /** Ends the connection. */
  close(): void;
  /** Called by the wire when a payload arrives. */
  receive(bytes: Uint8Array): void;
  /** Called by the wire when the connection ends. Only the first reason counts. */
  end(reason: CloseReason): void;
}

/** The first data for a map server: the ticket and the first message, `Hello`. */
export interface Opening {
  ticket: Uint8Array;
  greeting: Uint8Array;
}

/** A `Connection` on a WebSocket. */
export class WebSocketTransport extends Transport {
  private constructor();
  name: "websocket";
  /** Connects, sends the ticket and queues the greeting. Rejects with a `CloseReason`. */
  static connect(
    host: any,
    url: string,
    opening: Opening,
    withinMs: number,
    signal?: AbortSignal | null,
  ): Promise<WebSocketTransport>;
}

/** A `Connection` on a WebTransport session. */
export class WebTransportTransport extends Transport {
  private constructor();
  name: "webtransport";
  /** Connects, sends the ticket and the greeting, and opens the stream. Rejects with a `CloseReason`; the ticket may be used up even so. */
  static connect(
    host: any,
    grant: Pick<EntryGrant, "map_wt_url" | "map_wt_cert_sha256">,
    opening: Opening,
    withinMs: number,
    signal?: AbortSignal | null,
  ): Promise<WebTransportTransport>;
}

/** A stay on one map server: messages and frames go in, the client's frames come out. */
export class Session {
  constructor(options?: { grids?: Map<number, CollisionGrid>; carried?: Possessions | null });
  world: WorldView;
  possessions: Possessions;
  /** The player's party, the leader first. Without members there is none. */
  party: { id: bigint; members: PartyMember[] };
  /** The current trade; null if there is none. */
  trade: { with: number; revision: number; mine: OfferView; theirs: OfferView } | null;
  content: Content;
  places: PlaceInfo[];
  counters: { messagesIn: number; snapshots: number; staleFrames: number; decodeErrors: number };
  /** The first message to send. */
  static hello(): ClientMessage.Hello;
  /** Whether the server has sent everything that a player needs to start. */
  get isEntered(): boolean;
  /** Whether this is a spectator's session, without a character. */
  get isWatching(): boolean;
  /** The server's message `Welcome`; null until it has come. */
  get welcome(): ServerMessage.Welcome | null;
  /** The player's own entity; null until it is in view. */
  get ownEntity(): EntityView | null;
  /** The player's predicted position; null while it is unknown. */
  get position(): Position | null;
  /** The solid tiles of the map; null if they are not known. */
  get grid(): CollisionGrid | null;
  get pace(): Pace;
  /** How often the server corrected the predicted position. */
  get corrections(): number;
  /** Total distance of all corrections, in units. */
  get correctedUnits(): number;
  /** Contradictions in the server's messages since the last call. */
  takeAnomalies(): string[];
  /** Applies a reliable message and returns it; null if it is incomplete or invalid. */
  receiveMessage(bytes: Uint8Array): ServerMessage | null;
  /** Takes the body of a snapshot. Returns whether it was applied. */
  receiveFrame(body: Uint8Array): boolean;
  /** Creates the next command, predicts it, and returns the frame to send. */
  tick(intent?: Intent): ClientFrame;
  /** The frame to send in a tick without a command. */
  frame(): ClientFrame;
  /** The number of the newest command; 0 before the first. */
  get commandsIssued(): number;
  /** The tick in which the server is expected to apply a command. */
  tickOf(command: number): number;
  /** The tick in which the server is expected to apply the newest command: the time at which the player's own character is shown. */
  get ownTick(): number;
  /** Whether the ability on a slot could start with the next command, as far as a client knows; for buttons. */
  mayUse(slot: number): boolean;
  /** Why the server would refuse the ability on a slot; null if it would not. `HelloFirst` until the own entity is in view. */
  refusalOf(slot: number): Refusal | null;
  /** The tick from which a slot is ready, including uses that the server has not answered. Compare it with `ownTick`. */
  readyAt(slot: number): number;
  /** The player's own cast, from the moment of the key press; null if there is none. See `ownTick`. */
  get cast(): Cast | null;
  /** Predicted uses of abilities that the server has not answered. */
  get predictedUses(): PredictedUse[];
  /** Predicted uses of abilities that the server has refused since the last call; only the newest if there are many. */
  takeTakenBack(): PredictedUse[];
  /** Where a command with this direction moves the player's body from a position. */
  ahead(from: Position, heading: number | null): Position;
}

/** A predicted use of an ability. */
export interface PredictedUse {
  /** The number of its command. */
  command: number;
  slot: number;
  /** The ability, an index into `Content.abilities`. */
  ability: number;
  /** The tick in which the server is expected to apply the command. */
  begins: number;
  /** The tick in which it takes effect, at the end of its cast. */
  takesEffect: number;
}

/** A cast under way, for a cast bar. */
export interface Cast {
  /** The ability, an index into `Content.abilities`. */
  ability: number;
  /** The tick in which it began. */
  from: number;
  /** The tick in which it takes effect. */
  until: number;
}

/** The head of a snapshot. */
export interface Head {
  tick: number;
  last_command: number;
  buffered_commands: number;
}

/** The entities in view, as of the newest applied snapshot. */
export class WorldView {
  constructor(own?: number, tick?: number);
  /** Applies a snapshot. Returns null if it is not newer. If it throws a `ProtocolError`, nothing has changed. */
  apply(body: Uint8Array): Head | null;
  /** An entity in view; null if none has this id. */
  entity(id: number): EntityView | null;
  /** The ids and the entities in view. */
  entities(): IterableIterator<[number, EntityView]>;
  /** Where an entity is at the tick of the newest snapshot; null if unknown. */
  positionOf(id: number): Position | null;
  /** Where a spectator looks, in units; null for players. */
  get viewpoint(): Position | null;
  /** The tick of the newest applied snapshot; 0 before the first. */
  get tick(): number;
  get head(): Head;
  /** The snapshots to acknowledge. */
  get ack(): ClientFrame["ack"];
  /** Number of updates of entities that the server had not announced. */
  get unknownEntities(): number;
}

/** One entity as a client sees it. */
export class EntityView {
  constructor();
  /** Its course, and the tick of the snapshot that brought it. */
  course: { tick: number; course: Course } | null;
  /** Its components by name. */
  components: Partial<Components>;
  /** Its position at a tick, by dead reckoning. */
  positionAt(tick: number): Position | null;
  /** The direction that it faces. */
  get facing(): number | null;
  get kind(): EntityKind | null;
  /** Its name; empty if it has none. */
  get name(): string;
  /** Whether any of these bits of `STATUS_FLAGS` is set. */
  hasStatus(bits: number): boolean;
  /** Whether it has health and none is left. */
  get isDead(): boolean;
}

/** The game data that the server has sent. */
export class Content {
  constructor(told?: Partial<Pick<Content, "classes" | "abilities" | "mobs" | "items" | "rules">>);
  classes: ClassInfo[];
  abilities: AbilityInfo[];
  mobs: MobInfo[];
  items: ItemInfo[];
  /** The rules of the world; null until the server has sent its content. */
  rules: Rules | null;
  get isTold(): boolean;
  /** The ability at an index; null if there is none. */
  ability(index: number): AbilityInfo | null;
  /** The kind of item with this id; null if there is none. */
  item(id: string): ItemInfo | null;
}

/** The first worn slot. Lower slots are in the bag. */
export const FIRST_WORN_SLOT: number;

/** Items, gold and experience. */
export class Possessions {
  constructor();
  /** Items by id. */
  items: Map<string, ItemView>;
  gold: bigint;
  experience: bigint;
  level: number;
  bagSlots: number;
  /** Whether the server's store is unavailable. Gains and losses wait until it is available. */
  storeAway: boolean;
  /** Number of changes that wait for the store. */
  pending: number;
  /** A copy to compare with the first inventory from another map server. */
  carriedOver(): Possessions;
  /** Whether this server has sent them. */
  get isTold(): boolean;
  bag(): ItemView[];
  /** The item worn in a slot; null if there is none. */
  worn(slot: number): ItemView | null;
  get isBagFull(): boolean;
  /** Applies a message. Returns contradictions to earlier messages. */
  take(message: ServerMessage): string[];
}

/** Predicts the player's own movement. */
export class Predictor {
  constructor(grid?: CollisionGrid | null, bodyRadius?: number);
  standOn(grid: CollisionGrid): void;
  get position(): Position | null;
  /** The number of the newest command; 0 before the first. */
  get issued(): number;
  get corrections(): number;
  get correctedUnits(): number;
  /** Where a command with this direction moves a body. */
  ahead(from: Position, heading: number | null, unitsPerTick: number): Position;
  /** Creates the next command and predicts its result. */
  issue(intent: Intent, unitsPerTick: number): void;
  /** The newest commands that the server has not confirmed, oldest first. */
  newest(): InputCommand[];
  /** Takes the server's position after a command, and replays the commands after it. */
  reconcile(server: Position, lastCommand: number, unitsPerTick: number): void;
  /** Forgets the commands that the server has applied. */
  forget(lastCommand: number): void;
}

/** The length of client ticks. */
export class Pace {
  constructor(tickHz?: number);
  /** Takes the head of a new snapshot: the number of buffered commands, and the newest applied command. */
  observe(head: { tick: number; last_command: number; buffered_commands: number }): void;
  /** How long the next tick should be. */
  get intervalMs(): number;
}

// --- what a screen shows ---

/** A point between units, in units (1/1,024 tile). */
export interface Point {
  /** From west to east. */
  x: number;
  /** From north to south. */
  y: number;
}

/**
 * What a screen shows between ticks and snapshots. Pass it the same input as its `Session`; a new session needs a new one.
 * Times are milliseconds of any clock that never goes back, such as `performance.now()`.
 */
export class Display {
  /** `tickHz` is from `Welcome`. Others are shown at most `extrapolationMs` (150) beyond the newest snapshot. */
  constructor(tickHz?: number, extrapolationMs?: number);
  /** Number of frames, and of frames in which a correction moved the player's own character by more than 0.1 tile. */
  counters: { frames: number; visibleCorrections: number };
  /** The clock: the delay of others, and the round trip to the server. */
  get clock(): DisplayClock;
  /** The tick in which others are shown, with its fraction. */
  get tick(): number;
  /**
   * The intent with the server time that the last frame shows others at, for `Session.tick`: the server tests hits at that time.
   * A time that the action already has is kept.
   */
  withSeen(intent: Intent): Intent;
  /** The session has applied a snapshot: `Session.receiveFrame` answered true. */
  takeSnapshot(session: Session, nowMs: number): void;
  /** The session has issued a command: `Session.tick` was called with this intent. */
  takeTick(session: Session, intent: Intent, nowMs: number): void;
  /** Call it before each frame; `heading` is the direction that the player presses now. */
  advance(session: Session, heading: number | null | undefined, nowMs: number): void;
  /** Where an entity is shown in this frame, in units; null if it is not in view. */
  place(session: Session, entity: number): Point | null;
}

/** The tick that a screen shows, with its fraction. */
export class DisplayClock {
  constructor(tickHz: number, extrapolationMs: number);
  /** Milliseconds of a tick. */
  get tickMs(): number;
  /** How late snapshots arrive compared with the earliest of the last 24, without rare outliers. */
  get jitterMs(): number;
  /** Milliseconds to the server and back. */
  get roundTripMs(): number;
  /** Milliseconds that others are shown behind the server's present. */
  get delayMs(): number;
  /** Takes the arrival of a snapshot of the end of this tick. */
  observe(tick: number, nowMs: number): void;
  /** Takes a measured round trip: milliseconds from issuing a command to its answer, less its wait at the server. */
  observeRoundTrip(ms: number): void;
  /** The estimated current tick of the server; 0 before the first snapshot. */
  present(nowMs: number): number;
  /** The tick to show now. It goes back only by a jump. */
  advance(nowMs: number): number;
}

/** Where another entity is shown at a tick and its fraction, from the courses that the server has sent. */
export class Track {
  /** Takes the course from a snapshot of this tick. Returns whether it is new. */
  push(toldAt: number, course: Course): boolean;
  /** Where it is shown at a tick; null without a course. */
  at(tick: number): Point | null;
}

/** A correction that is spread over some frames. */
export class Smoothing {
  /** A correction shrinks to half within `halfLifeMs`. */
  constructor(halfLifeMs: number);
  /** Corrects the shown position from `here` to `there`. Beyond three tiles it jumps. */
  correct(here: Point, there: Point): void;
  /** Advances by some milliseconds. Returns the distance that the correction moved, in units. */
  pass(ms: number): number;
  /** The position to show for something at `there`. */
  shown(there: Point): Point;
}

// --- movement ---

/** Units in a tile. */
export const UNITS_PER_TILE: number;
/** A coordinate or length in tiles. */
export function tiles(units: number): number;
/** The tile of a coordinate. */
export function tileOf(units: number): number;
/** The position of a point in tiles. */
export function positionOfTiles(point: { x: number; y: number }): Position;
/** The distance between two points in units, rounded down. */
export function distance(a: Position, b: Position): number;
/** Whether two points are at most `units` apart. */
export function within(a: Position, b: Position, units: number): boolean;
/** The unit vector of a direction, times 16,384. */
export function vector(angle: number): { x: number; y: number };
/** The vector of a length in a direction, rounded to the nearest unit. */
export function scaled(angle: number, units: number): { dx: number; dy: number };
/** The direction that is nearest to the one from a point to another. */
export function angleBetween(from: Position, to: Position): number;
/** Number of steps between two directions, the shorter way round: 0 to 128. */
export function angleDifference(a: number, b: number): number;
/** The opposite direction. */
export function oppositeAngle(angle: number): number;
/** Moves a circle over the grid, sliding along solid tiles. */
export function step(grid: CollisionGrid, from: Position, radius: number, dx: number, dy: number): Position;

/** The solid tiles of a map. Everything outside the map is solid. */
export class CollisionGrid {
  constructor(width: number, height: number);
  readonly width: number;
  readonly height: number;
  /** Reads a grid from rows of text, `#` for solid. */
  static fromRows(rows: string[]): CollisionGrid;
  /** Rebuilds a grid from `MapLayout.runs`; null if they do not cover exactly this size. */
  static fromRuns(width: number, height: number, runs: number[]): CollisionGrid | null;
  setSolid(x: number, y: number, isSolid: boolean): void;
  isSolid(x: number, y: number): boolean;
  /** Whether a circle touches no solid tile. */
  isFree(centre: Position, radius: number): boolean;
  /** Whether nothing solid lies on the straight line between two points. */
  lineOfSight(from: Position, to: Position): boolean;
}

/** How an entity moves, the same every tick. */
export type Going = { type: "Stands" } | { type: "Ahead"; units: number } | { type: "Drifts"; dx: number; dy: number };

/** Where an entity is, where it looks, and how it moves from there. */
export class Course {
  constructor(position: Position, facing: number, going?: Going);
  position: Position;
  facing: number;
  going: Going;
  /** A course from the fields of its layout. */
  static fromFields(fields: object): Course;
  /** The fields of its layout. */
  toFields(): object;
  /** Its movement per tick, in units. */
  step(): { dx: number; dy: number };
  /** Where it is shown `ticks` later. */
  after(ticks: number): Position;
  /** The same course as of `ticks` later. */
  later(ticks: number): Course;
}
