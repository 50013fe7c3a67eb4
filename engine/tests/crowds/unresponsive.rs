//! A client that never acknowledges costs a bounded amount, and is asked to leave.

use bevy_ecs::message::Messages;
use bevy_ecs::prelude::*;
use realmgate_engine::body::At;
use realmgate_engine::channel::ToChannel;
use realmgate_engine::clock::TickClock;
use realmgate_engine::player::LeaveAsked;
use realmgate_engine::replication::NetEntities;
use realmgate_protocol::link::LeaveReason;
use realmgate_protocol::movement::Position;

use crate::scene::{HEIGHT, Scene, WIDTH};

/// As many as become visible at once without a baseline.
const CROWD: usize = 250;
/// Most despawns that a client may leave unacknowledged.
const MAX_TOMBSTONES: usize = 16_384;
/// A tick is sent as its low 16 bits: a quarter of what they tell apart.
const MAX_SILENT_TICKS: u32 = 16_384;

#[test]
fn a_client_that_never_acknowledges_is_asked_to_leave_before_it_costs_much() {
    let mut scene = Scene::new(1, 5);
    let (player, centre) = (scene.player(0), Position::tile_centre(WIDTH / 2, HEIGHT / 2));
    let channel = &mut scene.channel;
    let asked = (0..MAX_TOMBSTONES / CROWD + 3).find_map(|crowds| {
        let world = channel.world_mut();
        let spawned: Vec<Entity> = (0..CROWD)
            .map(|_| {
                let id = world.resource_mut::<NetEntities>().allocate();
                world.spawn((id, At(centre))).id()
            })
            .collect();
        channel.tick().unwrap();
        for entity in spawned {
            channel.world_mut().despawn(entity);
        }
        channel.tick().unwrap();
        let asked = channel.world_mut().resource_mut::<Messages<LeaveAsked>>().drain().next();
        asked.map(|asked| (crowds, asked.player, asked.reason))
    });
    let soon_after = MAX_TOMBSTONES / CROWD;
    assert_eq!(asked, Some((soon_after, player, LeaveReason::Abuse)), "as soon as there are too many, and no earlier");
}

#[test]
fn a_client_that_falls_silent_is_asked_to_leave_before_it_can_mistake_a_tick() {
    let mut scene = Scene::new(1, 6);
    let player = scene.player(0);
    scene.step();
    let ack = scene.ends[0].client.ack;
    scene.channel.push(ToChannel::Frame { session: 1.into(), ack, commands: Default::default() });
    let asked = (1..20_000).find_map(|_| {
        scene.channel.tick().unwrap();
        let world = scene.channel.world_mut();
        let silent_ticks = world.resource::<TickClock>().now().since(ack.newest);
        let asked = world.resource_mut::<Messages<LeaveAsked>>().drain().next();
        asked.map(|asked| (silent_ticks, asked.player, asked.reason))
    });
    assert_eq!(asked, Some((MAX_SILENT_TICKS + 1, player, LeaveReason::Abuse)));
}
