// The client library for Realmgate worlds. From the outside in: `Api` has accounts and characters, `Gateway` and
// `Entry` get tickets to the world, `GameClient` connects with one and plays, `Player` stays in the world through
// changes of map and lost connections; `Spectator` watches without a character. Below that are the parts without I/O,
// for programs with their own sockets and clocks: `Connection` (reliable messages, frames), `Session` (what the player
// sees, owns and predicts) and `Display` (which shows it smoothly).

export { Api, ApiError } from "./api.js";
export { GameClient } from "./client.js";
export { decodeReliable, encodeReliable } from "./codec.js";
export { Connection } from "./connection.js";
export { Content } from "./content.js";
export { EntityView } from "./entity.js";
export { DisplayClock } from "./display/clock.js";
export { Display } from "./display/display.js";
export { Smoothing } from "./display/smoothing.js";
export { Track } from "./display/track.js";
export { Entry } from "./entry.js";
export { ProtocolError } from "./errors.js";
export { Gateway, GatewayError } from "./gateway.js";
export { readGrant } from "./grant.js";
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
export { angleBetween, angleDifference, oppositeAngle, scaled, vector } from "./movement/angle.js";
export { Course } from "./movement/course.js";
export { CollisionGrid } from "./movement/grid.js";
export { UNITS_PER_TILE, distance, positionOfTiles, tileOf, tiles, within } from "./movement/position.js";
export { step } from "./movement/step.js";
export { Pace } from "./pace.js";
export { Player } from "./player.js";
export { FIRST_WORN_SLOT, Possessions } from "./possessions.js";
export { Predictor } from "./predict.js";
export { Session } from "./session.js";
export { Spectator } from "./spectator.js";
export { EnterError } from "./stay.js";
export { QueueError } from "./stream.js";
export { Transport } from "./transport/transport.js";
export { WebSocketTransport } from "./transport/websocket.js";
export { WebTransportTransport } from "./transport/webtransport.js";
export { WorldView } from "./world.js";
