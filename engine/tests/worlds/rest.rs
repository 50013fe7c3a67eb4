//! A channel with nobody in it rests, and is all there in the tick in which somebody comes.

use std::sync::Arc;

use bevy_app::App;
use bevy_ecs::prelude::*;
use realmgate_engine::body::{Asleep, At, Body, Speed, Walk};
use realmgate_engine::channel::{BuildWorld, Channel, ChannelKey, ChannelSettings, ToChannel};
use realmgate_engine::clock::TickClock;
use realmgate_engine::map::Map;
use realmgate_engine::schedule::{TickSchedule, TickSet};
use realmgate_engine::transport::SessionId;
use realmgate_protocol::ids::{AccountId, ChannelId, CharacterId, LockEpoch, MapId};
use realmgate_protocol::link::CharacterLoad;
use realmgate_protocol::movement::{Angle, Position};

use crate::test_game::build_world;

const TICK_HZ: u32 = 30;
/// So long nothing has to happen.
const QUIET_TICKS: u32 = 10 * TICK_HZ;

/// What the systems of a channel have seen.
#[derive(Resource, Default)]
struct Seen {
    ticks: u32,
    notes: u32,
}

/// Written late in a tick, read early in the next.
#[derive(Message)]
struct Note;

fn early(mut seen: ResMut<Seen>, mut notes: MessageReader<Note>) {
    seen.ticks += 1;
    seen.notes += notes.read().count() as u32;
}

fn late(mut notes: MessageWriter<Note>) {
    notes.write(Note);
}

fn channel() -> Channel {
    let game = build_world();
    let build: BuildWorld = Arc::new(move |app: &mut App| {
        game(app);
        app.init_resource::<Seen>()
            .add_message::<Note>()
            .add_systems(TickSchedule, (early.in_set(TickSet::Intent), late.in_set(TickSet::Lifecycle)));
    });
    let map = Arc::new(Map::sketch(MapId(1), &["....................", ".S.................."]).unwrap());
    let key = ChannelKey { map: MapId(1), channel: ChannelId(1) };
    Channel::new(ChannelSettings { key, map, tick_hz: TICK_HZ, seed: [1; 32], threads: Default::default() }, &build)
}

/// In how many of so many ticks its systems run.
fn run(channel: &mut Channel, ticks: u32) -> u32 {
    let before = channel.world().resource::<Seen>().ticks;
    for _ in 0..ticks {
        channel.tick().unwrap();
    }
    channel.world().resource::<Seen>().ticks - before
}

fn join(session: u64) -> ToChannel {
    let load = CharacterLoad::fresh(CharacterId([1; 16]), AccountId([1; 16]), "anna", "");
    ToChannel::Join { session: SessionId::from(session), epoch: LockEpoch(session), load }
}

#[test]
fn nobody_is_there_so_the_world_runs_once_a_second_and_its_clock_in_every_tick() {
    let mut channel = channel();
    assert_eq!(run(&mut channel, QUIET_TICKS), QUIET_TICKS);
    assert_eq!(run(&mut channel, 20 * TICK_HZ), 20);
    assert_eq!(channel.world().resource::<TickClock>().now().0, QUIET_TICKS + 20 * TICK_HZ);
    channel.push(ToChannel::Directory { channels: Vec::new() });
    assert_eq!(run(&mut channel, TICK_HZ), 1, "how full other channels are wakes nobody");
    let seen = channel.world().resource::<Seen>();
    assert_eq!(seen.notes + 1, seen.ticks, "every message is read in the next tick that is not passed by");
}

#[test]
fn who_comes_is_there_in_the_same_tick_and_the_world_goes_on_until_nobody_has_been_there_for_a_while() {
    let mut channel = channel();
    run(&mut channel, QUIET_TICKS + TICK_HZ / 2);
    channel.push(join(1));
    assert_eq!(run(&mut channel, 1), 1);
    let spawned = channel.world_mut().query::<&At>().iter(channel.world()).count();
    assert_eq!(spawned, 1, "it has a body at once");
    assert_eq!(channel.take_outbox().frames.len(), 1, "and is sent a snapshot");
    assert_eq!(run(&mut channel, 1_000), 1_000);
    channel.push(ToChannel::Message { session: SessionId::from(1), bytes: b"logout".to_vec() });
    run(&mut channel, 3);
    assert_eq!(channel.players(), 0);
    assert!(run(&mut channel, QUIET_TICKS - 1) >= QUIET_TICKS - 3);
    assert_eq!(run(&mut channel, 10 * TICK_HZ), 10);
}

#[test]
fn whoever_is_awake_keeps_the_world_awake_and_who_sleeps_does_not() {
    let mut channel = channel();
    let walker = (Body { radius: 300 }, At(Position::tile_centre(1, 0)), Speed(1), Walk(Some(Angle(0))));
    let walker = channel.world_mut().spawn(walker).id();
    assert_eq!(run(&mut channel, 3 * QUIET_TICKS), 3 * QUIET_TICKS);
    channel.world_mut().entity_mut(walker).insert(Asleep);
    assert_eq!(run(&mut channel, 2 * QUIET_TICKS), QUIET_TICKS + 10);
}

#[test]
fn who_watches_a_world_at_rest_is_sent_snapshots_and_wakes_nobody() {
    let mut channel = channel();
    run(&mut channel, QUIET_TICKS + 1);
    channel.watch(SessionId::from(9));
    for _ in 0..3 * TICK_HZ {
        channel.tick().unwrap();
        assert_eq!(channel.take_spectator_output().frames.len(), 1, "one in every tick");
    }
    let seen = channel.world().resource::<Seen>();
    assert_eq!((seen.ticks, seen.notes), (QUIET_TICKS + 3, QUIET_TICKS + 2), "and every message is read");
}
