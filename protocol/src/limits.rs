//! Size limits that both ends enforce. A message that breaks one is dropped and counted, no matter which end sent it.

/// Maximum bytes of a netcode payload (netcode 1.02 allows 1,200).
pub const MAX_PAYLOAD_BYTES: usize = 1_200;
/// Maximum bytes of one encoded reliable message. Longer ones are split into parts.
pub const MAX_RELIABLE_BYTES: usize = 1_000;
/// Maximum content bytes in one part of a split message.
pub const MAX_PART_BYTES: usize = 900;
/// Maximum number of parts of one split message.
pub const MAX_PARTS: u16 = 64;
/// Maximum bytes of a link message.
pub const MAX_LINK_BYTES: usize = 1 << 20;
/// Maximum number of input commands in one client frame.
pub const MAX_COMMANDS_PER_FRAME: usize = 7;
/// Maximum number of ability slots of a character.
pub const MAX_ABILITY_SLOTS: usize = 8;
/// Maximum bytes of a chat or whisper text.
pub const MAX_CHAT_BYTES: usize = 240;
/// Maximum number of combining marks on one letter of a text that others see.
pub const MAX_MARKS: usize = 4;
/// Maximum bytes of a character's appearance, as JSON without spaces. Every client that sees the character receives all
/// of it, and a snapshot needs room for several new characters.
pub const MAX_LOOK_BYTES: usize = 128;
/// Maximum number of players that one player can ignore.
pub const MAX_IGNORED: usize = 64;
/// Maximum bytes of the name of an ignored player.
pub const MAX_IGNORED_NAME_BYTES: usize = 128;
/// Maximum number of items on one side of a trade.
pub const MAX_TRADE_ITEMS: usize = 12;
/// Maximum bytes of a content id (`rusty_sword`), a class id or a vendor id.
pub const MAX_CONTENT_ID_BYTES: usize = 48;
/// Maximum number of ASCII characters of a server id.
pub const MAX_SERVER_ID_BYTES: usize = 48;
/// Maximum tiles on each side of a map, so that every intermediate of the movement step stays below 2^53.
pub const MAX_MAP_TILES: u32 = 4_096;
/// Maximum bytes of an encoded ticket.
pub const MAX_TICKET_BYTES: usize = 200;
/// The netcode protocol id. It never changes: the actual protocol is compared by its hash, so that a mismatch gets an
/// answer instead of silence.
pub const NETCODE_PROTOCOL_ID: u64 = 0x5245_414c_4d47_5431;
/// Version of the map link. The sidecar refuses a newer one, and those below [`OLDEST_LINK_VERSION`].
pub const LINK_VERSION: u16 = 9;
/// The oldest version of the map link that a map server may speak.
pub const OLDEST_LINK_VERSION: u16 = 6;
/// The version of the map link since which map servers know [`Return`](crate::link::ToMap::Return).
pub const RETURN_LINK_VERSION: u16 = 7;
/// The version of the map link since which map servers know [`Announce`](crate::link::ToMap::Announce) and
/// [`Muted`](crate::link::SocialEvent::Muted).
pub const ANNOUNCE_LINK_VERSION: u16 = 8;
/// The version of the map link since which map servers know [`MapChat`](crate::link::ToMap::MapChat).
pub const MAP_CHAT_LINK_VERSION: u16 = 9;
/// Maximum number of locks in one `Reclaim` of the map link.
pub const MAX_RECLAIM_LOCKS: usize = 1_000;
/// Maximum bytes of the `trace` of a `Prepare` of the map link.
pub const MAX_TRACE_BYTES: usize = 64;
