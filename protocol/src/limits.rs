//! Sizes that both ends keep to. A message that breaks one is dropped and counted, whoever sent it.

/// Most bytes in a netcode payload (netcode 1.02 allows 1,200).
pub const MAX_PAYLOAD_BYTES: usize = 1_200;
/// Most bytes in one encoded reliable message; longer ones travel as parts.
pub const MAX_RELIABLE_BYTES: usize = 1_000;
/// Most content bytes in one part of a split message.
pub const MAX_PART_BYTES: usize = 900;
/// Most parts of one split message.
pub const MAX_PARTS: u16 = 64;
/// Most bytes of a link message.
pub const MAX_LINK_BYTES: usize = 1 << 20;
/// Most input commands in one client frame.
pub const MAX_COMMANDS_PER_FRAME: usize = 7;
/// Most ability slots of a character.
pub const MAX_ABILITY_SLOTS: usize = 8;
/// Most bytes of a chat or whisper text.
pub const MAX_CHAT_BYTES: usize = 240;
/// Most items on one side of a trade.
pub const MAX_TRADE_ITEMS: usize = 12;
/// Most bytes of a content id (`rusty_sword`), a class id or a vendor id.
pub const MAX_CONTENT_ID_BYTES: usize = 48;
/// Most ASCII characters of a server id.
pub const MAX_SERVER_ID_BYTES: usize = 48;
/// Most tiles on each side of a map, so that every intermediate of the movement step stays below 2^53.
pub const MAX_MAP_TILES: u32 = 4_096;
/// Most bytes of an encoded ticket.
pub const MAX_TICKET_BYTES: usize = 200;
/// The netcode protocol id. Constant: what the two sides really speak is compared by protocol hash, so that a
/// mismatch can be answered instead of met with silence.
pub const NETCODE_PROTOCOL_ID: u64 = 0x5245_414c_4d47_5431;
/// Version of the map link; both sides refuse another.
pub const LINK_VERSION: u16 = 3;
/// Most locks in one `Reclaim` of the map link.
pub const MAX_RECLAIM_LOCKS: usize = 1_000;
/// Longest `trace` of a `Prepare` of the map link, in bytes.
pub const MAX_TRACE_BYTES: usize = 64;
