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

/** The tokens of a log-in. */
export interface Tokens {
  /** The bearer token. */
  access_token: string;
  /** The account's id. */
  user_id: string;
  /** Trades for new tokens, once. */
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
  /** When it is deleted, in Unix milliseconds; null unless it is to be. */
  deletes_at_ms: number | null;
}

/** What an account is called. */
export interface Names {
  /** Unique; in small letters. */
  username: string;
  /** May be empty, and is not unique. */
  display_name: string;
}

/** What is to be other about a character. */
export interface CharacterChange {
  name?: string;
  appearance?: Record<string, string | number | boolean>;
}

/** A problem document (RFC 9457), with the status and header it came with. */
export interface Problem {
  status: number;
  /** A stable code in capitals; empty if the answer had none. */
  code: string;
  title: string;
  detail: string;
  /** What is wrong with each field. */
  errors: Record<string, unknown>;
  /** Seconds to wait before asking again, from the `Retry-After` header. */
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
  /** Seconds to wait before asking again, if that can help; else null. */
  get retryAfterS(): number | null;
}

/** A client of the HTTP API at one address. Every call rejects with an `ApiError`. */
export class Api {
  constructor(base: string, options?: { fetch?: typeof fetch });
  /** Creates an account and logs in. */
  register(username: string, password: string): Promise<Tokens>;
  /** Logs in. */
  login(username: string, password: string): Promise<Tokens>;
  /** Logs in by an e-mail address. */
  loginEmail(email: string, password: string): Promise<Tokens & Names>;
  /** Logs in by a secret that this device keeps. The first time, an account is made. */
  loginDevice(deviceId: string): Promise<Tokens & Names>;
  /** Renews a log-in of `loginEmail` or `loginDevice`, whose refresh token stays the same. */
  renew(refreshToken: string): Promise<Tokens & Names>;
  /** The account as its owner sees it: docs/community.md. */
  me(accessToken: string): Promise<Names & { has_password: boolean; [more: string]: unknown }>;
  /** Changes the account's user name. Answers it as it is kept, in small letters. */
  setUsername(accessToken: string, username: string): Promise<string>;
  /** Gives an account its first password. Every log-in ends, this one too. */
  setPassword(accessToken: string, password: string): Promise<void>;
  /** Sets the e-mail address, once the link in a mail that is sent there has been opened. */
  setEmail(accessToken: string, email: string, currentPassword: string): Promise<void>;
  /** Names of the providers that one may log in by, such as `google`. */
  providers(): Promise<string[]>;
  /**
   * Begins a log-in by a provider or, with an access token, to link it to the account. The player's browser goes to the address, and ends
   * on a page that shows `code`: show it too. With `browser`, a page of the server itself is known by a cookie, and there is no code.
   */
  beginSignIn(
    provider: string,
    accessToken?: string,
    options?: { browser?: boolean },
  ): Promise<{ authorization_url: string; session_id: string; code?: string }>;
  /** How that stands. The data are `Tokens` once a log-in is completed, and the code of an error or a conflict. */
  signInStatus(
    sessionId: string,
  ): Promise<{ status: "pending" | "completed" | "error" | "conflict"; message: string; data: any }>;
  /** Trades the refresh token of `register` or `login` for a new pair. The old one is invalid afterwards. */
  refresh(refreshToken: string): Promise<Tokens>;
  /** Ends the log-in, also in the world. */
  logout(accessToken: string): Promise<void>;
  /** The classes that a character can have. */
  classes(): Promise<CharacterClass[]>;
  /** The account's characters. */
  characters(accessToken: string): Promise<Character[]>;
  /** Makes a character. */
  createCharacter(accessToken: string, name: string, classId: string): Promise<Character>;
  /** Changes the name or the appearance of a character that is not in the world, each if it is given. */
  changeCharacter(accessToken: string, id: string, change: CharacterChange): Promise<Character>;
  /** Deletes a character that is not in the world. */
  deleteCharacter(accessToken: string, id: string): Promise<void>;
  /** Undoes the deletion of a character. */
  restoreCharacter(accessToken: string, id: string): Promise<Character>;
  /** The channels that can be watched. For operators, who have the service token. */
  watchable(serviceToken: string): Promise<WatchableChannel[]>;
  /** Has a map server expect a spectator. Answers what it connects with: see `Spectator`. */
  watch(serviceToken: string, watched: Watched): Promise<EntryGrant>;
  /** What the server says about its gateway and its maps; null if it answers 404. */
  worldStatus(): Promise<any>;
  /** The gateway's address, on the host of this API. */
  gatewayUrl(): Promise<string>;
}

/** A channel that can be watched. */
export interface WatchableChannel {
  map_id: number;
  /** What the map is called; null where its server does not say. */
  map_name: string | null;
  channel: number;
  server_id: string;
  server_name: string;
  /** Players in it, and on the way there. */
  players: number;
  /** Whether it takes no more players. */
  is_full: boolean;
}

/** What is watched: by default the map's channel with the most players, on any map server. */
export interface Watched {
  map: number;
  channel?: number | null;
  server?: string | null;
}

// --- tickets into the world ---

/** What a program may hand in instead of the browser's or Node's own. */
export interface HostOptions {
  WebSocket?: new (url: string, protocols?: string[]) => any;
  WebTransport?: new (url: string, options?: object) => any;
  /** Milliseconds from any fixed moment. They never go back. */
  now?: () => number;
  setTimeout?: (callback: () => void, ms: number) => any;
  clearTimeout?: (timer: any) => void;
}

/** What lets a character into the world, once. */
export interface EntryGrant {
  character_id: string | null;
  map_ip: string;
  map_port: number;
  /** The ticket in base64url. */
  ticket: string;
  /** Where the character arrives, in tiles; null if its map server does not say. */
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
  /** The SHA-256 of its certificate in hexadecimal digits; null for one that browsers trust anyway. */
  map_wt_cert_sha256: string | null;
  /** 16 hexadecimal digits. */
  protocol_hash: string;
  /** Seconds that the ticket is valid. */
  expires_in: number;
}

/** A grant from its JSON. Throws a `TypeError` when that does not follow the contract. */
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
  /** What the server says of a refusal, for people; else empty. */
  readonly reason: string;
  /** Seconds to wait before asking again, if the gateway says so. */
  readonly retryAfterS: number | null;
  /** The close code of the socket: 1008 for a token that is no longer valid, 4001 when replaced. */
  readonly closeCode: number | null;
  /** Whether the gateway wants newer tokens: refresh, or log in again. */
  get wantsFreshTokens(): boolean;
}

/** An open gateway socket. Closing it leaves a player in the world there. */
export class Gateway {
  private constructor();
  /** Connects, shows the token and waits for the welcome. Rejects with a `GatewayError`. */
  static connect(url: string, accessToken: string, options?: HostOptions): Promise<Gateway>;
  /** Asks for a ticket into the world. Rejects with a `GatewayError`. */
  enterWorld(characterId: string, channel?: number | null): Promise<EntryGrant>;
  /** Asks to leave the world, and waits until the character is saved and free to enter again. */
  leaveWorld(): Promise<void>;
  /** Whether the socket is still open. */
  get isOpen(): boolean;
  /** Closes the socket. */
  close(): void;
}

/** What a program hands in for a character's way into the world. */
export interface EntryOptions extends HostOptions {
  /**
   * Answers a newer access token, after a refresh. It is asked when the gateway takes the old one no more, once for each
   * ticket; what it rejects with, entering rejects with. A `Player` tries again after an `ApiError` that may pass.
   */
  freshToken?: () => Promise<string> | string;
}

/** One character's way into the world, with as many tickets as it takes. */
export class Entry {
  constructor(gatewayUrl: string, accessToken: string, characterId: string, options?: EntryOptions);
  /** Sets a newer access token, after a refresh. Closes the open gateway socket. */
  setAccessToken(accessToken: string): void;
  /** Number of tickets asked for so far. */
  get tickets(): number;
  /** Enters the world. Rejects with a `GatewayError` or an `EnterError`, or with what `freshToken` rejects with. */
  enter(options?: ClientOptions & { channel?: number | null }): Promise<GameClient>;
  /** Gets a ticket from the gateway. */
  ticket(channel?: number | null, signal?: AbortSignal | null): Promise<EntryGrant>;
  /** Closes the gateway socket. A player in the world stays there. */
  close(): void;
}

// --- in the world ---

/** The aim of an ability. */
export type Aim =
  | { type: "None" }
  | { type: "Entity"; entity: number }
  | { type: "Point"; point: Position }
  | { type: "Direction"; direction: number };

/** At which moment of the server a player saw others when it used an ability: a tick, and 0 to 7 eighths of the next. */
export interface Seen {
  tick: number;
  part: number;
}

/** The use of an ability. Without `seen` (see `Display.withSeen`) the player went by the newest snapshot. */
export interface Action {
  slot: number;
  aim: Aim;
  seen?: Seen | null;
}

/** What a player wants to do this tick. */
export interface Intent {
  /** The direction to walk in, 0 (east) to 255; null to stand. */
  heading?: number | null;
  /** The ability to use, if any. */
  action?: Action | null;
}

/** What a player wanted to do in one tick, by its number from 1. */
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

/** How a player's time in the world ended. */
export interface End {
  /** The reason that the server gave; null if it gave none. */
  left: LeaveReason | null;
  /** Why the connection closed. */
  closeReason: CloseReason | null;
  /** Why a journey failed; null if none did. */
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
  /** Whether another ticket may help. */
  get isWorthAnotherTicket(): boolean;
}

/** What a program hands in: what the player wants each tick, and who is told what happens. */
export interface ClientOptions extends HostOptions {
  /** The solid tiles of maps that the program has, by map: for maps that are too large to be sent. */
  grids?: Map<number, CollisionGrid>;
  /** How long to wait for the connection to open; 10 s by default. */
  acceptWithinMs?: number;
  /** `auto` (the default) takes WebTransport where there is any, and WebSocket where that comes to nothing within 3 s. */
  transport?: "auto" | "websocket" | "webtransport";
  /** Calls entering off: it rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Asked once for each tick. */
  intent?: (client: GameClient) => Intent;
  /** Gets another ticket where one was of no use. `Entry` sets it. */
  anotherGrant?: (why: { isTravelling: boolean; signal: AbortSignal | undefined }) => Promise<EntryGrant>;
  /** Told of each session before its first message, also after a journey. */
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
  /** Connects with a grant and greets. Rejects with an `EnterError`. */
  static enter(grant: EntryGrant, options?: ClientOptions): Promise<GameClient>;
  /** What the player sees, owns and predicts. Another one after a journey. */
  get session(): Session;
  /** The player's predicted position; null before the first snapshot. */
  get position(): Position | null;
  /** What went either way on this connection. */
  get traffic(): Traffic;
  /** The transport to the map server. */
  get transport(): "websocket" | "webtransport";
  /** Whether commands and requests reach a server now: there is no end, and no journey under way. */
  get isConnected(): boolean;
  /** How the time in the world ended; null while it lasts. */
  get end(): End | null;
  /** Begins to keep what a screen shows: see `show`. A client that nobody looks at does without. */
  openDisplay(): void;
  /** What a screen shows, after `openDisplay`; null before. Another one after a journey. */
  get display(): Display | null;
  /** A frame is about to be drawn: moves the display on. `heading` is the direction that the player presses now. */
  show(heading?: number | null): void;
  /** Queues a request, which is sent with the next tick. Answers its id, by which `Refused.answers` names it. */
  ask(message: ClientMessage): number;
  /** Logs out, and waits until the server has saved and confirmed it. */
  logOut(): Promise<End>;
  /** Ends the connection at once. The player stays in the world until the server notices. */
  close(): void;
}

/** What happens to a player, besides what its session shows. */
export type PlayerEvent =
  /** The server says something. The session knows it already. */
  | { type: "Told"; message: ServerMessage }
  /** The connection is lost, and is being made anew. */
  | { type: "Lost"; reason: CloseReason }
  /** The player is on its way to another map or channel. */
  | { type: "Travels" }
  /** The player is in the world again; the session is a new one. */
  | { type: "Entered" }
  /** The server has sent the player away: nothing is tried. */
  | { type: "Left"; reason: LeaveReason }
  /** There is no way back into the world. The account may have to log in again. */
  | { type: "GaveUp"; error: Error };

/** What a program hands in: what the player wants each tick, and who is told what happens. */
export interface PlayerOptions extends Omit<ClientOptions, "intent" | "anotherGrant"> {
  /** The channel to enter at first; the least loaded one without it. */
  channel?: number | null;
  /** Calls `Player.enter` off: it rejects with the signal's reason. A player in the world is ended by `close`. */
  signal?: AbortSignal;
  /** Asked once for each tick. */
  intent?: (player: Player) => Intent;
  /** Told what happens, also before `enter` has answered: what the server says first. */
  onEvent?: (event: PlayerEvent, player: Player) => void;
}

/**
 * A player who stays in the world: through changes of map and lost connections, with a picture all the while. A lost
 * connection is made anew for two minutes.
 */
export class Player {
  private constructor();
  /** Enters the world. The entry is the player's from then on, and is closed with it. Rejects as `Entry.enter`. */
  static enter(entry: Entry, options?: PlayerOptions): Promise<Player>;
  /** The client. Another one after each way back into the world. */
  get client(): GameClient;
  /** What the player sees, owns and predicts. Another one after each `Entered`. */
  get session(): Session;
  /** What a screen shows. Another one after each `Entered`. */
  get display(): Display;
  /** Whether commands and requests reach a server now. */
  get isConnected(): boolean;
  /** Queues a request. Answers its id, by which `Refused.answers` names it; null without a connection: it is dropped. */
  ask(message: ClientMessage): number | null;
  /** A frame is about to be drawn: moves the display on. `heading` is the direction that the player presses now. */
  show(heading?: number | null): void;
  /** Where an entity, or the player itself, is shown in this frame, in units; null if it is not in view. */
  place(entity?: number): Point | null;
  /** Logs out, and waits until the server has saved and confirmed it. On the way back it stays outside. */
  logOut(): Promise<End>;
  /** Ends the connection at once, or the way back. The player stays in the world until the server notices. */
  close(): void;
}

/** What happens to a spectator, besides what its session shows. */
export type SpectatorEvent =
  | { type: "Lost"; reason: CloseReason }
  /** The connection could not be made anew yet; it is tried again. */
  | { type: "Waits"; error: Error }
  | { type: "Entered" }
  /** Trying again is of no use: the token is wrong, or the program too old. */
  | { type: "GaveUp"; error: Error };

/** What a program hands in. */
export interface SpectatorOptions extends HostOptions {
  transport?: "auto" | "websocket" | "webtransport";
  signal?: AbortSignal;
  onEvent?: (event: SpectatorEvent, spectator: Spectator) => void;
  onSnapshot?: (spectator: Spectator) => void;
}

/** Somebody who watches a channel without a character. A lost connection is made anew until `close`. */
export class Spectator {
  private constructor();
  /** Begins to watch. Rejects with an `ApiError` or an `EnterError`. */
  static watch(api: Api, serviceToken: string, watched: Watched, options?: SpectatorOptions): Promise<Spectator>;
  /** What is seen. Another one after each `Entered`. */
  get session(): Session;
  /** What a screen shows. Another one after each `Entered`. */
  get display(): Display;
  /** What was answered for the way in: it names the map, the channel and the server. */
  get grant(): EntryGrant;
  /** What went either way on this connection. */
  get traffic(): Traffic;
  /** The transport to the map server. */
  get transport(): string;
  /** Whether snapshots come now. */
  get isConnected(): boolean;
  /** Where the server lets the spectator look from, in units; null before the first snapshot. */
  get viewpoint(): Point | null;
  /** Looks elsewhere, in units, and follows an entity from there on if one is given. May be called for each frame. */
  look(at: Point, follow?: number | null): void;
  /** A frame is about to be drawn: moves the display on. */
  show(): void;
  /** Where an entity is shown in this frame, in units; null if it is not in view. */
  place(entity: number): Point | null;
  /** Ends the connection at once, or the way back. */
  close(): void;
}

// --- the parts without I/O ---

/** Bytes that no honest end sends, or that were damaged. Nothing of them was taken. */
export class ProtocolError extends Error {
  constructor(code: string, message: string);
  /** The rule that is broken. */
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

/** What went either way. Bad payloads were dropped. */
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

/** Payloads over any transport. The caller passes in the time. */
export class Connection {
  constructor();
  traffic: Traffic;
  /** Takes a payload from the server. A bad one is counted, and nothing of it is taken. */
  receive(bytes: Uint8Array, nowMs: number): void;
  /** The next received frame or message; null where there is none. */
  nextIncoming(): Incoming | null;
  /** Queues a reliable message. Answers its id. Throws a `QueueError`. */
  sendMessage(message: Uint8Array): number;
  /** Whether every sent message has been acknowledged. */
  get isAllAcknowledged(): boolean;
  /** The payloads of a client's tick. */
  tick(frame: ClientFrame | null, nowMs: number): Uint8Array[];
}

/** What carries payloads, for a transport of your own. */
export interface Wire {
  /** Whether a tick's payloads may go out at once; told how long nothing has come. */
  isReady(unheardMs: number): boolean;
  send(payload: Uint8Array): void;
  /** Lets the other end know that it is over. */
  close(): void;
}

/** A `Connection` on a wire. */
export class Transport {
  constructor(host: { now(): number; after(ms: number, callback: () => void): () => void }, wire: Wire);
  /** Waits until the wire is open. Rejects with a `CloseReason` where it ends before, or takes longer. */
  opening(isOpen: Promise<void>, withinMs: number, signal: AbortSignal | null): Promise<void>;
  /** Says who is told what arrives, and the end. */
  listen(listener: { incoming?: (incoming: Incoming) => void; ended: (reason: CloseReason) => void }): void;
  /** Queues a reliable message, which is sent with the next tick. Answers its id. */
  sendMessage(message: Uint8Array): number;
  /** Ends a client tick: sends the frame, and what is due of messages and acknowledgements. */
  finishTick(frame: ClientFrame | null): void;
  /** Why the connection ended; null while it lasts. */
  get closeReason(): CloseReason | null;
  /** What went either way so far. */
  get traffic(): Traffic;
  /** Ends the connection. */
  close(): void;
  /** For the wire: a payload has come. */
  receive(bytes: Uint8Array): void;
  /** For the wire: the connection is over. Only the first reason counts. */
  end(reason: CloseReason): void;
}

/** What a map server is told first: who comes, and the first message, `Hello`. */
export interface Opening {
  ticket: Uint8Array;
  greeting: Uint8Array;
}

/** A `Connection` on a WebSocket. */
export class WebSocketTransport extends Transport {
  private constructor();
  name: "websocket";
  /** Connects, shows the ticket and queues the greeting. Rejects with a `CloseReason`. */
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
  /** Connects, shows the ticket, greets and opens the stream. Rejects with a `CloseReason`; the ticket may have been taken even so. */
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
  /** The trade as it stands; null where there is none. */
  trade: { with: number; revision: number; mine: OfferView; theirs: OfferView } | null;
  content: Content;
  places: PlaceInfo[];
  counters: { messagesIn: number; snapshots: number; staleFrames: number; decodeErrors: number };
  /** The first message to send. */
  static hello(): ClientMessage.Hello;
  /** Whether the server has sent everything that a player needs to begin. */
  get isEntered(): boolean;
  /** Whether this is a spectator's, who has no character. */
  get isWatching(): boolean;
  /** The server's message `Welcome`; null until it has come. */
  get welcome(): ServerMessage.Welcome | null;
  /** The player's own entity; null until it is in view. */
  get ownEntity(): EntityView | null;
  /** The player's predicted position; null while nothing says where it is. */
  get position(): Position | null;
  /** The solid tiles of the map; null if they are not known. */
  get grid(): CollisionGrid | null;
  get pace(): Pace;
  /** How often the server corrected the predicted position. */
  get corrections(): number;
  /** By how much all corrections together have moved the player, in units. */
  get correctedUnits(): number;
  /** The contradictions in what the server sent since the last call. */
  takeAnomalies(): string[];
  /** Takes a reliable message, applies it and hands it on. Null for one that is not complete or cannot be read. */
  receiveMessage(bytes: Uint8Array): ServerMessage | null;
  /** Takes the body of a snapshot. Answers whether it was applied. */
  receiveFrame(body: Uint8Array): boolean;
  /** Makes the next command, predicts it, and answers the frame to send. */
  tick(intent?: Intent): ClientFrame;
  /** The frame to send in a tick without a command. */
  frame(): ClientFrame;
  /** The number of the newest command; 0 before the first. */
  get commandsIssued(): number;
  /** The tick in which the server is expected to apply a command. */
  tickOf(command: number): number;
  /** The tick in which the server is expected to apply the newest command: the time at which the own character is shown. */
  get ownTick(): number;
  /** Whether the ability on a slot could begin with the next command, as far as a client knows; for buttons. */
  mayUse(slot: number): boolean;
  /** Why the server would refuse the ability on a slot; null if it would not. `HelloFirst` until the own entity is in view. */
  refusalOf(slot: number): Refusal | null;
  /** The tick from which a slot is ready, uses that the server has not answered included. To be compared with `ownTick`. */
  readyAt(slot: number): number;
  /** The player's own cast, shown from the moment in which it was pressed; null if there is none. See `ownTick`. */
  get cast(): Cast | null;
  /** The uses of abilities that are shown, and that the server has not answered for. */
  get predictedUses(): PredictedUse[];
  /** The uses of abilities that were shown, and that the server has refused since the last call; the newest where they are many. */
  takeTakenBack(): PredictedUse[];
  /** Where a command with this direction leads the player's body from a position. */
  ahead(from: Position, heading: number | null): Position;
}

/** A use of an ability that the server has not answered for yet. */
export interface PredictedUse {
  /** The number of the command that asks for it. */
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

/** What each snapshot says first. */
export interface Head {
  tick: number;
  last_command: number;
  buffered_commands: number;
}

/** The entities in view, as of the newest applied snapshot. */
export class WorldView {
  constructor(own?: number, tick?: number);
  /** Applies a snapshot. Answers null if it is not newer. Throws a `ProtocolError`, and then changes nothing. */
  apply(body: Uint8Array): Head | null;
  /** An entity in view; null if none has this id. */
  entity(id: number): EntityView | null;
  /** The ids and the entities in view. */
  entities(): IterableIterator<[number, EntityView]>;
  /** Where an entity is at the tick of the newest snapshot; null if nothing says so. */
  positionOf(id: number): Position | null;
  /** Where a spectator looks, in units; null for players. */
  get viewpoint(): Position | null;
  /** The tick of the newest applied snapshot; 0 before the first. */
  get tick(): number;
  get head(): Head;
  /** The snapshots to acknowledge. */
  get ack(): ClientFrame["ack"];
  /** How often the server updated an entity that it had never announced. */
  get unknownEntities(): number;
}

/** One entity as a client sees it. */
export class EntityView {
  constructor();
  /** Its course, and the tick of the snapshot that told it. */
  course: { tick: number; course: Course } | null;
  /** Its components by name. What it does not have is missing. */
  components: Partial<Components>;
  /** Its position at a tick, by dead reckoning. */
  positionAt(tick: number): Position | null;
  /** The direction in which it looks. */
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
  /** Whether the server's store is out of reach. Gains and losses wait until it is back. */
  storeAway: boolean;
  /** Number of changes that wait for the store. */
  pending: number;
  /** The same, to compare with the first inventory from another map server. */
  carriedOver(): Possessions;
  /** Whether this server has told them. */
  get isTold(): boolean;
  bag(): ItemView[];
  /** The item worn in a slot; null if there is none. */
  worn(slot: number): ItemView | null;
  get isBagFull(): boolean;
  /** Takes a message. Answers what contradicts what was told before. */
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
  /** Where a command with this direction leads a body. */
  ahead(from: Position, heading: number | null, unitsPerTick: number): Position;
  /** Makes the next command and predicts its result. */
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
  /** Takes what a new snapshot says of the commands: how many wait at the server, and which it has applied by when. */
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
 * What a screen shows between ticks and snapshots. It stands beside a `Session` and is told what the session was told; a new
 * session takes a new one. Times are milliseconds of any clock that never goes back, such as `performance.now()`.
 */
export class Display {
  /** `tickHz` is what `Welcome` tells; others are shown at most `extrapolationMs` (150) beyond the newest snapshot. */
  constructor(tickHz?: number, extrapolationMs?: number);
  /** Frames shown, and in how many of them a correction moved the own character by more than 0.1 tile. */
  counters: { frames: number; visibleCorrections: number };
  /** The clock: how late others are shown, and how long the way to the server is. */
  get clock(): DisplayClock;
  /** The tick in which others are shown, with its fraction. */
  get tick(): number;
  /**
   * The intent with the moment at which others are shown in the last frame, for `Session.tick`: the server hits those whom a
   * shape has reached there. What an action says of it already is kept.
   */
  withSeen(intent: Intent): Intent;
  /** The session has applied a snapshot: `Session.receiveFrame` answered true. */
  takeSnapshot(session: Session, nowMs: number): void;
  /** The session has issued a command: `Session.tick` was called with this intent. */
  takeTick(session: Session, intent: Intent, nowMs: number): void;
  /** A frame is about to be drawn; `heading` is the direction that the player presses now. */
  advance(session: Session, heading: number | null | undefined, nowMs: number): void;
  /** Where an entity is shown in this frame, in units; null if it is not in view. */
  place(session: Session, entity: number): Point | null;
}

/** The tick that a screen shows, with its fraction. */
export class DisplayClock {
  constructor(tickHz: number, extrapolationMs: number);
  /** Milliseconds of a tick. */
  get tickMs(): number;
  /** How late snapshots come, measured against the most prompt of the last 24, but for rare ones. */
  get jitterMs(): number;
  /** Milliseconds to the server and back. */
  get roundTripMs(): number;
  /** How far behind the server's present others are shown. */
  get delayMs(): number;
  /** A snapshot of the end of this tick has come. */
  observe(tick: number, nowMs: number): void;
  /** A command was answered: milliseconds from when it was issued, less the time that it waited at the server. */
  observeRoundTrip(ms: number): void;
  /** The tick that the server is in, as far as can be told; 0 before the first snapshot. */
  present(nowMs: number): number;
  /** The tick to show now. It never goes back but by a jump. */
  advance(nowMs: number): number;
}

/** Where another entity is shown at a tick and its fraction, from the courses that the server has sent. */
export class Track {
  /** Takes the course that a snapshot of this tick has sent. Answers whether it is new. */
  push(toldAt: number, course: Course): boolean;
  /** Where it is shown at a tick; null without a course. */
  at(tick: number): Point | null;
}

/** A correction that is spread over some frames. */
export class Smoothing {
  /** In so many milliseconds a correction shrinks to half. */
  constructor(halfLifeMs: number);
  /** What was shown here is to be there. From beyond three tiles it is shown there at once. */
  correct(here: Point, there: Point): void;
  /** Lets some time pass. Answers by how far what is shown has moved for it, in units. */
  pass(ms: number): number;
  /** What is shown for something that should be there. */
  shown(there: Point): Point;
}

// --- movement ---

/** Units in a tile. */
export const UNITS_PER_TILE: number;
/** A coordinate or length in tiles. */
export function tiles(units: number): number;
/** The tile that a coordinate lies in. */
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
  /** What it moves by each tick, in units. */
  step(): { dx: number; dy: number };
  /** Where it is shown so many ticks later. */
  after(ticks: number): Position;
  /** The same course, as of so many ticks later. */
  later(ticks: number): Course;
}
