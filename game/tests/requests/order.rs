//! No two systems of the game are ordered by chance.

use std::sync::Arc;

use bevy_ecs::prelude::*;
use bevy_ecs::schedule::{LogLevel, ScheduleBuildSettings, Schedules};
use realmgate_engine::channel::{BuildWorld, Channel};
use realmgate_engine::map::MapSet;
use realmgate_engine::schedule::TickSchedule;

use crate::content;
use crate::scene::{settings, world};

fn assert_ordered(build: &BuildWorld) {
    let mut app = Channel::app(&settings(), build);
    app.edit_schedule(TickSchedule, |schedule| {
        let settings = ScheduleBuildSettings { ambiguity_detection: LogLevel::Error, ..Default::default() };
        schedule.set_build_settings(settings);
    });
    let schedule = app.world_mut().resource_mut::<Schedules>().remove(TickSchedule);
    let mut schedule: Schedule = schedule.expect("the tick's schedule is there");
    if let Err(error) = schedule.initialize(app.world_mut()) {
        panic!("systems whose order is left to chance: {error:?}");
    }
}

#[test]
fn what_players_ask_for_is_answered_in_a_fixed_order() {
    assert_ordered(&world(|_| {}));
}

#[test]
fn so_is_everything_in_the_whole_game() {
    assert_ordered(&realmgate_game::build_world(Arc::new(content::data()), Arc::new(MapSet::default())));
}
