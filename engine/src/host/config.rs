//! The configuration of a map server.

use std::num::NonZeroUsize;
use std::sync::Arc;

use realmgate_protocol::ids::ServerId;
use realmgate_protocol::ticket::KeyRing;

use super::channels::RecordInto;
use crate::map::Map;

/// The configuration of a map server.
pub struct HostConfig {
    /// The id of this server.
    pub server: ServerId,
    /// The maps it hosts.
    pub maps: Vec<Arc<Map>>,
    /// Number of channels of each map.
    pub channels: u16,
    /// Ticks per second.
    pub tick_hz: u32,
    /// How many threads a tick is shared among, the one that ticks included.
    pub tick_threads: NonZeroUsize,
    /// Most players in all channels together, including expected ones.
    pub max_players: u16,
    /// The hash of the protocol that its clients must speak.
    pub protocol_hash: u64,
    /// The keys that tickets are signed with.
    pub keys: KeyRing,
    /// The seed that the channels' seeds are derived from.
    pub seed: [u8; 32],
    /// Where every channel is recorded; `None` for no recording.
    pub record: Option<RecordInto>,
    /// Seconds of play without the map link, after which all players are released.
    pub offline_play_max_s: u32,
}
