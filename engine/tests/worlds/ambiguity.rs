//! No two systems of the engine are ordered by chance.

use std::sync::Arc;

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_ecs::schedule::{LogLevel, ScheduleBuildSettings, Schedules};
use realmgate_engine::channel::{BuildWorld, Channel, ChannelKey, ChannelSettings};
use realmgate_engine::map::Map;
use realmgate_engine::schedule::{TickSchedule, TickSet};
use realmgate_protocol::ids::{ChannelId, MapId};

use crate::test_game::build_world;

/// Which systems of this world's tick are left to chance; `None` if there are none.
fn left_to_chance(build: &BuildWorld) -> Option<String> {
    let settings = ChannelSettings {
        key: ChannelKey { map: MapId(1), channel: ChannelId(1) },
        map: Map::sketch(MapId(1), &["....", ".S.."]).unwrap().into(),
        tick_hz: 30,
        seed: [0; 32],
        threads: Default::default(),
    };
    let mut app = Channel::app(&settings, build);
    app.edit_schedule(TickSchedule, |schedule| {
        let settings = ScheduleBuildSettings { ambiguity_detection: LogLevel::Error, ..Default::default() };
        schedule.set_build_settings(settings);
    });
    let schedule = app.world_mut().resource_mut::<Schedules>().remove(TickSchedule);
    let mut schedule = schedule.expect("the tick's schedule is there");
    schedule.initialize(app.world_mut()).err().map(|error| format!("{error:?}"))
}

#[derive(Resource, Default)]
struct Number(i32);

fn double(mut number: ResMut<Number>) {
    number.0 *= 2;
}

fn increment(mut number: ResMut<Number>) {
    number.0 += 1;
}

#[test]
fn no_two_systems_of_the_engine_are_left_to_chance() {
    assert_eq!(left_to_chance(&build_world()), None);
    // Where there are two, they are found.
    let build = build_world();
    let careless: BuildWorld = Arc::new(move |app: &mut App| {
        build(app);
        app.init_resource::<Number>().add_systems(TickSchedule, (double, increment).in_set(TickSet::Combat));
    });
    let found = left_to_chance(&careless).expect("twice and one more is not one more and twice");
    assert!(found.contains("Ambiguity"), "{found}");
}
