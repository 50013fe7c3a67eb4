//! A steady tick allocates nothing per player: it makes the same few allocations with 50 players as with 200.

#![expect(clippy::unwrap_used, reason = "what a test helper cannot do, fails the test")]

use std::sync::Arc;

use bevy_app::App;
use realmgate_engine::body::{At, Body, Speed};
use realmgate_engine::channel::{BuildWorld, Channel, ChannelKey, ChannelSettings, ToChannel};
use realmgate_engine::map::Map;
use realmgate_engine::player::Players;
use realmgate_engine::replication::{ReplicateApp, Replicated, SeenBy};
use realmgate_engine::transport::SessionId;
use realmgate_protocol::ids::{AccountId, ChannelId, CharacterId, LockEpoch, MapId, Tick};
use realmgate_protocol::link::CharacterLoad;
use realmgate_protocol::movement::{Angle, Position};
use realmgate_protocol::realm::{Health, Label};
use realmgate_protocol::wire::InputCommand;
use realmgate_protocol::wire::datagram::SnapshotAck;

/// Side of the square in which all players walk around, so that they enter and leave each other's view.
const SIDE_TILES: usize = 100;

fn channel(players: u64) -> Channel {
    let row = ".".repeat(SIDE_TILES);
    let key = ChannelKey { map: MapId(1), channel: ChannelId(1) };
    let map = Arc::new(Map::sketch(MapId(1), &[row.as_str(); SIDE_TILES]).unwrap());
    let build: BuildWorld = Arc::new(|app: &mut App| {
        app.replicate_wire::<Label>(SeenBy::All).replicate_wire::<Health>(SeenBy::All);
    });
    let mut channel =
        Channel::new(ChannelSettings { key, map, tick_hz: 20, seed: [1; 32], threads: Default::default() }, &build);
    (1..=players).for_each(|player| channel.push(join(player)));
    channel.tick().unwrap();
    for player in 1..=players {
        let entity = channel.world().resource::<Players>().of_session(SessionId::from(player)).unwrap();
        let tile = |prime: u64| ((player * prime) % SIDE_TILES as u64) as i32;
        let at = At(Position::tile_centre(tile(37), tile(61)));
        let shown = (Replicated(Label { name: "walker".to_owned() }), Replicated(Health { current: 9, max: 9 }));
        channel.world_mut().entity_mut(entity).insert((Body { radius: 320 }, at, Speed(400), shown));
    }
    channel
}

fn join(player: u64) -> ToChannel {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&player.to_le_bytes());
    let load = CharacterLoad::fresh(CharacterId(id), AccountId(id), "", "");
    ToChannel::Join { session: SessionId::from(player), epoch: LockEpoch(1), load }
}

/// Counts the allocations in a range of ticks, including the frames of clients and taking the outbox.
fn allocations(channel: &mut Channel, players: u64, ticks: std::ops::Range<u32>) -> u64 {
    ticks
        .map(|tick| {
            for player in 1..=players {
                // Every tenth snapshot is lost.
                let lost = (u64::from(tick) + player).is_multiple_of(10);
                let ack = SnapshotAck { newest: Tick(if lost { tick - 1 } else { tick }), before: !(1 << (tick % 10)) };
                let heading = Some(Angle(((u64::from(tick) + player) / 20 * 37 + player * 11) as u8));
                let command = InputCommand { number: tick, heading, action: None };
                channel.push(ToChannel::Frame {
                    session: SessionId::from(player),
                    ack,
                    commands: [command].into_iter().collect(),
                });
            }
            let counted = allocation_counter::measure(|| {
                channel.tick().unwrap();
                let mut outbox = channel.take_outbox();
                assert_eq!(outbox.frames.len() as u64, players);
                outbox.frames.clear();
                channel.reuse(outbox.frames);
            });
            counted.count_total
        })
        .sum()
}

#[test]
fn a_steady_tick_allocates_as_little_for_many_players_as_for_few() {
    const TICKS: u32 = 50;
    let [few, many] = [50, 200].map(|players| {
        let mut channel = channel(players);
        allocations(&mut channel, players, 1..800);
        allocations(&mut channel, players, 800..800 + TICKS)
    });
    // Now and then a list of a player grows beyond its largest size so far.
    let bound = 2 * u64::from(TICKS);
    assert!(few <= bound, "{few} allocations in {TICKS} ticks of 50 players");
    assert!(many <= bound, "{many} allocations in {TICKS} ticks of 200 players");
}

/// Counts the allocations in a range of ticks for spectators who acknowledge what they are sent.
fn allocations_watched(channel: &mut Channel, watchers: u64, ticks: std::ops::Range<u32>) -> u64 {
    ticks
        .map(|tick| {
            for watcher in 1..=watchers {
                let ack = SnapshotAck { newest: Tick(tick), before: !0 };
                channel.acknowledge_spectator(SessionId::from(1_000 + watcher), ack);
            }
            let counted = allocation_counter::measure(|| {
                channel.tick().unwrap();
                let mut output = channel.take_spectator_output();
                assert_eq!(output.frames.len() as u64, watchers);
                output.frames.clear();
                channel.reuse_for_spectators(output.frames);
            });
            let mut outbox = channel.take_outbox();
            outbox.frames.clear();
            channel.reuse(outbox.frames);
            counted.count_total
        })
        .sum()
}

#[test]
fn a_steady_tick_allocates_nothing_for_spectators() {
    const TICKS: u32 = 50;
    let [none, all] = [0, 8].map(|watchers| {
        let mut channel = channel(50);
        (1..=watchers).for_each(|watcher| channel.watch(SessionId::from(1_000 + watcher)));
        allocations_watched(&mut channel, watchers, 1..300);
        allocations_watched(&mut channel, watchers, 300..300 + TICKS)
    });
    // Now and then a list of a spectator grows beyond its largest size so far.
    assert!(all <= none + u64::from(TICKS), "{all} allocations in {TICKS} ticks with spectators, {none} without");
}
