//! Who has an entity in view is who is told.

use bevy_ecs::prelude::*;
use bevy_ecs::system::RunSystemOnce;
use realmgate_engine::body::At;
use realmgate_engine::player::LinkDead;
use realmgate_engine::replication::Audience;
use realmgate_protocol::ids::Tick;
use realmgate_protocol::movement::Position;

use crate::scene::{HEIGHT, Scene, WIDTH};

/// The sessions of all who have an entity in view.
fn viewers(scene: &mut Scene, entity: Entity) -> Vec<u64> {
    let ask = move |audience: Audience<'_, '_>| audience.viewers_of(entity).map(|one| one.session).collect::<Vec<_>>();
    let mut sessions = scene.channel.world_mut().run_system_once(ask).unwrap();
    sessions.sort();
    sessions.into_iter().map(|session| session.client.0).collect()
}

#[test]
fn those_are_told_who_have_it_in_view() {
    let mut scene = Scene::new(3, 7);
    let (east, west) = (Position::tile_centre(WIDTH - 2, HEIGHT / 2), Position::tile_centre(2, HEIGHT / 2));
    for (player, at) in [(0, east), (1, east), (2, west)] {
        let player = scene.player(player);
        scene.channel.world_mut().entity_mut(player).insert(At(at));
    }
    let (in_the_east, hidden) = (scene.spawn(east), scene.channel.world_mut().spawn(At(east)).id());
    let players = [0, 1, 2].map(|player| scene.player(player));
    (0..20).for_each(|_| scene.step());
    assert_eq!(viewers(&mut scene, in_the_east), [1, 2]);
    assert_eq!(viewers(&mut scene, players[2]), [3], "who is alone sees itself");
    assert!(viewers(&mut scene, hidden).is_empty(), "what is not replicated is in nobody's view");

    scene.channel.world_mut().entity_mut(players[1]).insert(LinkDead { since: Tick(1) });
    assert_eq!(viewers(&mut scene, in_the_east), [1], "who has no connection hears nothing");
    scene.channel.world_mut().entity_mut(players[2]).insert(At(east));
    (0..20).for_each(|_| scene.step());
    assert_eq!(viewers(&mut scene, in_the_east), [1, 3]);
    scene.channel.world_mut().entity_mut(players[0]).insert(At(west));
    (0..20).for_each(|_| scene.step());
    assert_eq!(viewers(&mut scene, in_the_east), [3]);
}
