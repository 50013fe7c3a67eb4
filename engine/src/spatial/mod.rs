//! Where everything is: finds the entities near a point.
//!
//! [`SpatialIndex`] has every entity with a position ([`At`]), whether clients are shown it or not. Bodies walk in
//! [`TickSet::Move`] alone and are in their places after it; what has no body may move until replication, before which
//! it is put in its place. A position that is inserted anew (a spawn, a teleport) and a despawn show at once.

mod index;

pub use index::SpatialIndex;
pub(crate) use index::{Cell, Entry};

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use bevy_ecs::query::QueryFilter;

use crate::body::{Asleep, At, Body, BodySystems};
use crate::channel_map::ChannelMap;
use crate::schedule::{TickSchedule, TickSet};

/// Brings the spatial index up to date: for bodies in [`TickSet::Move`] after they have walked, for what has no body
/// first in [`TickSet::Replicate`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RefreshIndex;

/// The plugin that keeps the [`SpatialIndex`]. It needs the [`ChannelMap`] to be there.
pub struct SpatialPlugin;

impl Plugin for SpatialPlugin {
    fn build(&self, app: &mut App) {
        let grid = &app.world().resource::<ChannelMap>().grid;
        let index = SpatialIndex::new(grid.width(), grid.height());
        app.insert_resource(index)
            .add_observer(index_entity)
            .add_observer(forget_entity)
            .configure_sets(TickSchedule, RefreshIndex.after(BodySystems))
            .add_systems(TickSchedule, refresh::<With<Body>>.in_set(TickSet::Move).in_set(RefreshIndex))
            .add_systems(TickSchedule, refresh::<Without<Body>>.in_set(TickSet::Replicate).in_set(RefreshIndex));
    }
}

type Moved<'w, 's, F> = Query<'w, 's, (Entity, &'static At), (Changed<At>, Without<Asleep>, F)>;

/// Takes in what moved. What is asleep does not move.
fn refresh<F: QueryFilter + 'static>(mut index: ResMut<SpatialIndex>, moved: Moved<F>) {
    for (entity, at) in &moved {
        index.set_position(entity, at.0);
    }
}

fn index_entity(
    inserted: On<Insert<(At, Body)>>,
    bodies: Query<(&At, Option<&Body>)>,
    mut index: ResMut<SpatialIndex>,
) {
    if let Ok((at, body)) = bodies.get(inserted.entity) {
        let radius = body.map_or(0, |body| body.radius);
        index.insert(Entry { entity: inserted.entity, position: at.0, radius });
    }
}

fn forget_entity(removed: On<Remove<At>>, mut index: ResMut<SpatialIndex>) {
    index.remove(removed.entity);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use realmgate_protocol::ids::MapId;
    use realmgate_protocol::movement::{Angle, Position};

    use super::*;
    use crate::body::{BodyPlugin, Speed, Walk};
    use crate::clock::TickClock;
    use crate::map::Map;
    use crate::schedule::SchedulePlugin;

    const START: Position = Position::tile_centre(2, 2);
    const STEP_UNITS: i32 = 1_000;

    /// What a system of [`TickSet::Collide`] finds within 10 units of where it looks.
    #[derive(Resource)]
    struct Look {
        from: Position,
        found: Vec<Entity>,
    }

    fn look(index: Res<SpatialIndex>, mut look: ResMut<Look>) {
        look.found = index.near(look.from, 10).collect();
    }

    /// Moves what has no body, as projectiles do.
    fn fly(mut flying: Query<&mut At, (Without<Body>, Without<Asleep>)>) {
        flying.iter_mut().for_each(|mut at| at.0 = at.0.offset(STEP_UNITS, 0));
    }

    fn app() -> App {
        let row = ".".repeat(200);
        let map = Map::sketch(MapId(1), &[row.as_str(); 4]).expect("a map of open ground");
        let mut app = App::empty();
        app.insert_resource(ChannelMap(Arc::new(map)))
            .insert_resource(TickClock::new(30))
            .insert_resource(Look { from: START, found: Vec::new() })
            .add_plugins((SchedulePlugin, BodyPlugin, SpatialPlugin))
            .add_systems(TickSchedule, (look, fly).chain().in_set(TickSet::Collide));
        app
    }

    /// What a tick finds at a position.
    fn found(app: &mut App, from: Position) -> Vec<Entity> {
        app.world_mut().resource_mut::<Look>().from = from;
        app.world_mut().run_schedule(TickSchedule);
        std::mem::take(&mut app.world_mut().resource_mut::<Look>().found)
    }

    #[test]
    fn what_clients_are_not_shown_is_found_where_it_walked_in_the_same_tick() {
        let mut app = app();
        let walker = (Body { radius: 300 }, At(START), Walk(Some(Angle(0))), Speed(STEP_UNITS));
        let walker = app.world_mut().spawn(walker).id();
        for tick in 1..100 {
            let now_at = START.offset(tick * STEP_UNITS, 0);
            assert_eq!(found(&mut app, now_at), [walker], "in tick {tick}");
        }
        let left = START.offset(99 * STEP_UNITS, 0);
        assert!(found(&mut app, left).is_empty(), "it has left");
    }

    #[test]
    fn what_moves_later_in_a_tick_is_in_its_place_at_the_end() {
        let mut app = app();
        // And once more in the last set before it is put in its place.
        app.add_systems(TickSchedule, fly.in_set(TickSet::Persist));
        let flying = app.world_mut().spawn(At(START)).id();
        app.world_mut().run_schedule(TickSchedule);
        let index = app.world().resource::<SpatialIndex>();
        assert_eq!(index.near(START.offset(2 * STEP_UNITS, 0), 10).collect::<Vec<_>>(), [flying]);
        assert_eq!(index.near(START, 10).count(), 0, "where it began");
        assert_eq!(index.near(START.offset(STEP_UNITS, 0), 10).count(), 0, "on its way");
    }

    #[test]
    fn spawns_teleports_and_despawns_show_at_once_even_of_sleepers() {
        let mut app = app();
        let elsewhere = Position::tile_centre(150, 1);
        let sleeper = app.world_mut().spawn((At(START), Body { radius: 300 }, Asleep)).id();
        let near = |app: &App, from| app.world().resource::<SpatialIndex>().near(from, 10).collect::<Vec<_>>();
        assert_eq!(near(&app, START), [sleeper]);
        app.world_mut().entity_mut(sleeper).insert(At(elsewhere));
        assert_eq!((near(&app, START), near(&app, elsewhere)), (vec![], vec![sleeper]));
        assert_eq!(found(&mut app, elsewhere), [sleeper]);
        app.world_mut().despawn(sleeper);
        assert!(near(&app, elsewhere).is_empty());
        assert!(found(&mut app, elsewhere).is_empty());
        let heir = app.world_mut().spawn(At(START)).id();
        assert_eq!(near(&app, START), [heir], "whose number was another's before");
    }

    #[test]
    fn a_body_is_touched_as_far_as_it_reaches() {
        let mut app = app();
        let body = app.world_mut().spawn(At(START)).id();
        let touched = |app: &App, range| {
            app.world().resource::<SpatialIndex>().touching(START.offset(5_000, 0), range).collect::<Vec<_>>()
        };
        assert!(touched(&app, 4_999).is_empty());
        app.world_mut().entity_mut(body).insert(Body { radius: 4_000 });
        assert_eq!(touched(&app, 1_000), [body], "a body that came later counts too");
        assert!(touched(&app, 999).is_empty());
    }
}
