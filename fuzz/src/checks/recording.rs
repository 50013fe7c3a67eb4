//! Recordings, which people send each other.

use std::sync::Arc;

use realmgate_engine::channel::BuildWorld;
use realmgate_engine::map::Map;
use realmgate_engine::record::{Replay, ReplayError};
use realmgate_protocol::ids::MapId;

/// A file, replayed in a world without a game.
pub fn recording(bytes: &[u8]) {
    let Ok(replay) = Replay::open(bytes) else { return };
    assert!(replay.check(replay.header().protocol_hash, &replay.header().sources.clone()).is_ok());
    // A clock of so many ticks a second cannot be built.
    if !(1..=1_000).contains(&replay.header().tick_hz) {
        return;
    }
    let map = Map::sketch(MapId(1), &["S..", "..."]).expect("a map");
    let build: BuildWorld = Arc::new(|_| {});
    if let Err(ReplayError::Panicked { panic, .. }) = replay.run(Arc::new(map), &build, |_| {}) {
        panic!("{panic}");
    }
}
