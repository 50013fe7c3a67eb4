//! No two systems of the engine are ordered by chance.

use bevy_ecs::schedule::{LogLevel, ScheduleBuildSettings};
use realmgate_engine::channel::{Channel, ChannelKey, ChannelSettings};
use realmgate_engine::map::Map;
use realmgate_engine::schedule::TickSchedule;
use realmgate_protocol::ids::{ChannelId, MapId};

use crate::test_game::build_world;

#[test]
fn no_two_systems_of_the_engine_are_left_to_chance() {
    let settings = ChannelSettings {
        key: ChannelKey { map: MapId(1), channel: ChannelId(1) },
        map: Map::sketch(MapId(1), &["....", ".S.."]).unwrap().into(),
        tick_hz: 30,
        seed: [0; 32],
    };
    let mut app = Channel::app(&settings, &build_world());
    app.edit_schedule(TickSchedule, |schedule| {
        let settings = ScheduleBuildSettings { ambiguity_detection: LogLevel::Error, ..Default::default() };
        schedule.set_build_settings(settings);
    });
    let schedule = app.world_mut().resource_mut::<bevy_ecs::schedule::Schedules>().remove(TickSchedule);
    let mut schedule = schedule.expect("the tick's schedule is there");
    if let Err(error) = schedule.initialize(app.world_mut()) {
        panic!("systems whose order is left to chance: {error:?}");
    }
}
