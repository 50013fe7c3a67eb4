//! Tells what a player does next in the tick before: its next command waits already, so that who looks on learns of a turn
//! one tick sooner.

use bevy_ecs::prelude::*;
use realmgate_protocol::movement::{Position, step};

use super::encode::Encoded;
use super::slots::{NO_SLOT, Slots};
use crate::body::{Asleep, At, Body, Heading, Push, Speed, Walk};
use crate::channel_map::ChannelMap;
use crate::clock::TickClock;
use crate::input::{CurrentInput, InputBuffer};
use crate::player::LinkDead;

/// A player's body, and what it is told to do.
#[derive(bevy_ecs::query::QueryData)]
pub(super) struct Commanded {
    encoded: &'static Encoded,
    body: &'static Body,
    at: &'static At,
    heading: &'static Heading,
    walk: &'static Walk,
    speed: &'static Speed,
    push: &'static Push,
    current: &'static CurrentInput,
    waiting: &'static InputBuffer,
}

/// Gives players who turn, start or stop with the command that comes next the course that they will have then.
pub(super) fn foretell_turns(
    clock: Res<TickClock>,
    map: Res<ChannelMap>,
    mut slots: ResMut<Slots>,
    players: Query<Commanded, (Without<Asleep>, Without<LinkDead>)>,
) {
    let now = clock.now();
    for player in &players {
        let (Some(current), Some(next)) = (player.current.0, player.waiting.peek()) else { continue };
        // Who does not do as it was told (rooted, dead, thrown) will not next time either, as far as anybody can tell.
        let obeys = player.walk.0 == current.heading && player.push.ticks == 0;
        if player.encoded.slot == NO_SLOT || next.heading == current.heading || !obeys {
            continue;
        }
        let from: Position = player.at.0;
        let (dx, dy) = next.heading.map_or((0, 0), |heading| heading.scaled(player.speed.0));
        let to = step(&map.grid, from, player.body.radius, dx, dy);
        slots.foretell(player.encoded.slot, to, next.heading.unwrap_or(player.heading.0), now);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bevy_ecs::system::RunSystemOnce;
    use realmgate_protocol::ids::{EntityId, MapId, Tick};
    use realmgate_protocol::movement::{Angle, Course};
    use realmgate_protocol::wire::InputCommand;

    use super::*;
    use crate::map::Map;

    const EAST: Option<Angle> = Some(Angle(0));
    const NORTH: Option<Angle> = Some(Angle(192));
    const NOW: Tick = Tick(7);

    /// A player who was told to do `current`, does `walk`, and is told to do `next`: the course that others are told of it
    /// then, if it is a new one.
    fn told(current: Option<Angle>, walk: Option<Angle>, next: Option<Angle>, push: Push) -> Option<Course> {
        let mut world = World::new();
        let (mut slots, at) = (Slots::default(), Position::tile_centre(2, 1).offset(0, -150));
        let entity = world.spawn_empty().id();
        let slot = slots.add(entity, EntityId(1));
        slots.follow(slot, at.offset(-100, 0), Angle(0), Tick(5));
        slots.follow(slot, at, Angle(0), Tick(6));
        let before = slots.last_change[0];
        let mut waiting = InputBuffer::default();
        waiting.take(&[InputCommand { number: 1, heading: next, action: None }], Tick(0));
        let current = CurrentInput(Some(InputCommand { number: 0, heading: current, action: None }));
        let body = (Body { radius: 300 }, At(at), Heading(Angle(0)), Walk(walk), Speed(100), push);
        let mut encoded = Encoded::default();
        encoded.slot = slot;
        world.entity_mut(entity).insert((body, current, waiting, encoded));
        world.insert_resource(slots);
        let mut clock = TickClock::new(30);
        (0..NOW.0).for_each(|_| clock.advance());
        world.insert_resource(clock);
        world.insert_resource(ChannelMap(Arc::new(Map::sketch(MapId(1), &["#####", "#...#", "#####"]).unwrap())));
        world.run_system_once(foretell_turns).unwrap();
        let slots = world.resource::<Slots>();
        (slots.last_change[0] != before).then(|| slots.course(slot, NOW))
    }

    #[test]
    fn who_stops_with_the_next_command_is_told_to_stand() {
        let stands = told(EAST, EAST, None, Push::default()).expect("news");
        assert_eq!(stands.step(), (0, 0));
    }

    #[test]
    fn who_walks_on_is_no_news() {
        assert_eq!(told(EAST, EAST, EAST, Push::default()), None);
    }

    #[test]
    fn who_does_not_do_as_it_was_told_will_not_next_time() {
        assert_eq!(told(NORTH, EAST, None, Push::default()), None, "something else leads it");
        assert_eq!(told(EAST, EAST, None, Push { dx: 50, dy: 0, ticks: 2 }), None, "it is thrown");
    }

    #[test]
    fn who_turns_to_a_wall_is_told_to_stop_there() {
        let turned = told(EAST, EAST, NORTH, Push::default()).expect("news");
        assert_eq!(turned.step(), (0, -62), "{turned:?}: the wall is nearer than a step");
    }
}
