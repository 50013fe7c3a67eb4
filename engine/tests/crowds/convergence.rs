//! Whatever is lost, each view becomes the truth.

use bevy_ecs::prelude::*;
use proptest::prelude::*;
use realmgate_engine::body::At;
use realmgate_engine::replication::{InterestRange, Replicated};
use realmgate_protocol::ids::Tick;
use realmgate_protocol::movement::Position;

use crate::scene::{Count, Drift, Faults, HEIGHT, Mark, Scene, Secret, Stood, WIDTH};

/// Ticks after which a view is true once nothing is lost any more: time for a look around, an update of far entities,
/// and a resend.
const SETTLING_TICKS: usize = 24;

/// What happens in a tick; places and sizes are random.
#[derive(Debug, Clone, Copy)]
enum Happening {
    Spawn,
    Despawn,
    Count,
    Mark,
    Unmark,
    Secret,
    Turn,
    Stand,
    Jump,
    Nothing,
}
use Happening::{Despawn, Jump, Nothing, Spawn, Stand, Turn, Unmark};

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        2 => Just(Spawn),
        1 => Just(Despawn),
        3 => Just(Happening::Count),
        2 => Just(Happening::Mark),
        1 => Just(Unmark),
        1 => Just(Happening::Secret),
        4 => Just(Turn),
        2 => Just(Stand),
        1 => Just(Jump),
        2 => Just(Nothing),
    ]
}

fn happen(scene: &mut Scene, happening: Happening) {
    let place = |scene: &mut Scene| {
        let axis = |scene: &mut Scene, tiles: i32| scene.chance.below(tiles as u32 * 1_024) as i32;
        Position { x: axis(scene, WIDTH), y: axis(scene, HEIGHT) }
    };
    let (players, things) = (scene.ends.len(), scene.things.len());
    let which = scene.chance.below(things as u32) as usize;
    let (thing, tick) = (scene.things[which], scene.tick);
    match happening {
        Spawn => {
            let at = place(scene);
            scene.spawn(at);
        }
        Despawn if which >= players => {
            scene.things.remove(which);
            scene.channel.world_mut().despawn(thing);
        }
        Happening::Count => scene.channel.world_mut().get_mut::<Replicated<Count>>(thing).unwrap().0.0 = tick,
        Happening::Mark => {
            scene.channel.world_mut().entity_mut(thing).insert(Replicated(Mark(tick)));
        }
        Unmark => {
            scene.channel.world_mut().entity_mut(thing).remove::<Replicated<Mark>>();
        }
        Happening::Secret => {
            let player = scene.player(which % players);
            scene.channel.world_mut().get_mut::<Replicated<Secret>>(player).unwrap().0.0 = tick;
        }
        Turn => {
            let mut part = || scene.chance.below(1_001) as i32 - 500;
            let drift = Drift(part(), part());
            scene.turn(thing, drift);
        }
        Stand => scene.turn(thing, Drift(0, 0)),
        Jump => {
            let to = place(scene);
            scene.channel.world_mut().get_mut::<At>(thing).unwrap().0 = to;
        }
        Despawn | Nothing => {}
    }
}

/// Stops what would run against the edge of the map before the end: far entities may be shown a tick late when they
/// stop there.
fn stop_before_the_edge(scene: &mut Scene) {
    for thing in scene.things.clone() {
        let world = scene.channel.world();
        let (at, Drift(dx, dy)) = (world.get::<At>(thing).unwrap().0, *world.get::<Drift>(thing).unwrap());
        let (x, y) = at.offset(dx * SETTLING_TICKS as i32, dy * SETTLING_TICKS as i32).tile();
        if !(0..WIDTH).contains(&x) || !(0..HEIGHT).contains(&y) {
            scene.turn(thing, Drift(0, 0));
        }
    }
}

/// Asserts that a client is shown the world as it is.
fn assert_true(scene: &Scene, end: usize) -> Result<(), TestCaseError> {
    let world = scene.channel.world();
    let client = &scene.ends[end].client;
    let range = world.resource::<InterestRange>();
    let own = scene.player(end);
    let centre = world.get::<At>(own).unwrap().0;
    let now = Tick(scene.tick);
    prop_assert_eq!(client.head.tick, now, "the newest frame has come");
    prop_assert_eq!(client.own, Some(scene.id(own).0));
    let mut expected = 0;
    for thing in &scene.things {
        let (at, id) = (world.get::<At>(*thing).unwrap().0, scene.id(*thing).0);
        let Some(shown) = client.shown.get(&id) else {
            // What has just come near may be seen a few ticks late.
            let fastest = 4 * 1_500;
            prop_assert!(!at.within(centre, range.enter - fastest), "{id} is near and not shown");
            continue;
        };
        expected += 1;
        prop_assert!(at.within(centre, range.leave + 4 * 1_500), "{id} is far and shown");
        let place = shown.position(now).unwrap();
        if *thing == own || world.get::<Stood>(*thing).unwrap().0 {
            prop_assert_eq!(place, at, "{} stands and is shown exactly", id);
        } else {
            prop_assert!(place.within(at, 64), "{id} is {} units off", place.distance(at));
        }
        prop_assert_eq!(shown.count, Some(world.get::<Replicated<Count>>(*thing).unwrap().0.0));
        prop_assert_eq!(shown.mark, world.get::<Replicated<Mark>>(*thing).map(|mark| mark.0.0));
        let secret = world.get::<Replicated<Secret>>(*thing).filter(|_| *thing == own);
        prop_assert_eq!(shown.secret, secret.map(|secret| secret.0.0));
    }
    prop_assert_eq!(client.shown.len(), expected, "nothing is shown that is no more");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is lost, late or out of order, clients never see what makes no sense (they assert it themselves), and
    /// once the losses stop they see the world as it is.
    #[test]
    fn every_view_converges_to_the_truth(
        seed in any::<u64>(),
        loss in 0u32..60,
        delay in 0u32..5,
        ticks in prop::collection::vec(prop::collection::vec(happening(), 0..4), 10..120),
    ) {
        let mut scene = Scene::new(3, seed);
        (0..12).for_each(|_| happen(&mut scene, Spawn));
        scene.faults = Faults { loss, delay };
        for happenings in ticks {
            happenings.into_iter().for_each(|one| happen(&mut scene, one));
            scene.step();
        }
        scene.faults = Faults { loss: 0, delay: 0 };
        // Things go on moving and turning; what was lost is sent again.
        for tick in 0..SETTLING_TICKS {
            if tick < SETTLING_TICKS / 2 {
                happen(&mut scene, Turn);
            }
            if tick == SETTLING_TICKS / 2 {
                stop_before_the_edge(&mut scene);
            }
            scene.step();
        }
        for end in 0..scene.ends.len() {
            assert_true(&scene, end)?;
        }
    }
}

/// More entities than can come into view at once, and more than may wait unconfirmed: they come in parts, in which some
/// die and their slots are used again.
#[test]
fn a_crowd_that_comes_in_parts_while_it_moves_and_dies_is_seen_as_it_is() {
    let mut scene = Scene::new(2, 3);
    for _ in 0..1_500 {
        let mut offset = || scene.chance.below(24 * 1_024) as i32 - 12 * 1_024;
        let at = Position::tile_centre(WIDTH / 2, HEIGHT / 2).offset(offset(), offset());
        scene.spawn(at);
    }
    scene.faults = Faults { loss: 30, delay: 3 };
    for tick in 0..120 {
        for number in 0..20 {
            happen(&mut scene, [Despawn, Happening::Count, Spawn, Happening::Mark][(tick + number) % 4]);
            // Slowly, so that they stay a crowd; the players stand.
            let which = scene.ends.len() as u32 + scene.chance.below(1_000);
            let mut part = || scene.chance.below(81) as i32 - 40;
            let drift = Drift(part(), part());
            scene.turn(scene.things[which as usize], drift);
        }
        scene.step();
    }
    scene.faults = Faults { loss: 0, delay: 0 };
    scene.things.clone().into_iter().for_each(|thing| scene.turn(thing, Drift(0, 0)));
    // All of them stop at once, and only some fit into each snapshot.
    (0..120).for_each(|_| scene.step());
    assert!(scene.ends[0].client.shown.len() > 700, "they are a crowd: {}", scene.ends[0].client.shown.len());
    assert_true(&scene, 0).unwrap();
    assert_true(&scene, 1).unwrap();
}

/// Nothing arrives either way for 300 ticks, in which much happens.
#[test]
fn a_client_that_was_cut_off_sees_what_is_as_soon_as_it_hears_again() {
    let mut scene = Scene::new(2, 1);
    (0..40).for_each(|_| happen(&mut scene, Spawn));
    (0..20).for_each(|_| scene.step());
    scene.faults = Faults { loss: 100, delay: 0 };
    for tick in 0..300 {
        happen(&mut scene, [Turn, Spawn, Despawn, Happening::Count, Jump][tick % 5]);
        scene.step();
    }
    scene.faults = Faults { loss: 0, delay: 0 };
    stop_before_the_edge(&mut scene);
    (0..SETTLING_TICKS).for_each(|_| scene.step());
    assert_true(&scene, 0).unwrap();
    assert_true(&scene, 1).unwrap();
}
