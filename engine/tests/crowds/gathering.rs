//! A great crowd comes into view: the nearest first, the others after.

use realmgate_engine::body::At;
use realmgate_engine::replication::ClientView;
use realmgate_protocol::movement::Position;

use crate::scene::{Faults, HEIGHT, Scene, WIDTH};

const CROWD: usize = 1_200;
/// Most entities in a view that the client has not confirmed, as the protocol says.
const MOST_UNCONFIRMED: usize = 256;

#[test]
fn of_a_crowd_the_nearest_come_into_view_first_and_the_others_follow() {
    let mut scene = Scene::new(1, 9);
    let centre = Position::tile_centre(WIDTH / 2, HEIGHT / 2);
    for _ in 0..CROWD {
        let mut offset = || scene.chance.below(28 * 1_024) as i32 - 14 * 1_024;
        let at = centre.offset(offset(), offset());
        scene.spawn(at);
    }
    let place = |scene: &Scene, thing| scene.channel.world().get::<At>(thing).unwrap().0;
    let mut by_distance = scene.things.clone();
    by_distance.sort_by_key(|thing| place(&scene, *thing).distance_squared(centre));
    // The player itself is the nearest.
    let nearest: Vec<_> = by_distance[..=MOST_UNCONFIRMED].iter().map(|thing| scene.id(*thing).0).collect();

    scene.faults = Faults { loss: 100, delay: 0 };
    (0..40).for_each(|_| scene.step());
    let view = scene.channel.world().get::<ClientView>(scene.player(0)).unwrap();
    assert_eq!(view.len(), MOST_UNCONFIRMED, "no more while nothing is confirmed");

    scene.faults.loss = 0;
    let shown = |scene: &Scene| scene.ends[0].client.shown.len();
    let first = (0..100).find(|_| {
        scene.step();
        shown(&scene) > 10
    });
    assert!(first.is_some(), "what was lost is told again");
    assert!(scene.ends[0].client.shown.keys().all(|id| nearest.contains(id)), "{} are shown", shown(&scene));
    scene.faults = Faults { loss: 30, delay: 3 };
    (0..100).for_each(|_| scene.step());
    scene.faults = Faults { loss: 0, delay: 0 };
    (0..100).for_each(|_| scene.step());
    assert_eq!(scene.ends[0].client.shown.len(), CROWD + 1);
}
