//! Measures how long each part of a tick takes. The only place where a world reads real time, and nothing in the world
//! depends on it.

use std::time::{Duration, Instant};

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;

use crate::schedule::{TickSchedule, TickSet};

/// How long each part of the last tick took, in the order of [`TickSet::ALL`].
#[derive(Resource, Debug, Clone, Copy, Default)]
pub struct TickProfile {
    took: [Duration; TickSet::ALL.len()],
    since: Option<Instant>,
}

impl TickProfile {
    /// Each part of the tick, and how long it took.
    pub fn parts(&self) -> impl Iterator<Item = (TickSet, Duration)> {
        TickSet::ALL.into_iter().zip(self.took)
    }

    #[expect(clippy::disallowed_methods, reason = "it measures the tick and decides nothing in it")]
    fn mark(&mut self, part: usize) {
        let now = Instant::now();
        if let Some(since) = self.since.replace(now) {
            self.took[part] = now - since;
        }
    }

    #[expect(clippy::disallowed_methods, reason = "it measures the tick and decides nothing in it")]
    fn begin(&mut self) {
        self.since = Some(Instant::now());
    }
}

/// Measures the parts of each tick.
pub(crate) struct ProfilePlugin;

impl Plugin for ProfilePlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<TickProfile>();
        app.add_systems(TickSchedule, begin.before(TickSet::Receive).in_set(Mark(0)));
        for (part, set) in TickSet::ALL.into_iter().enumerate() {
            let mark = move |mut profile: ResMut<TickProfile>| profile.mark(part);
            // A system between two parts may run before or after the mark, since nothing else reads the profile.
            let mark = mark.after(set).after(Mark(part)).in_set(Mark(part + 1)).ambiguous_with_all();
            match TickSet::ALL.get(part + 1) {
                Some(next) => app.add_systems(TickSchedule, mark.before(*next)),
                None => app.add_systems(TickSchedule, mark),
            };
        }
    }
}

/// Orders the marks one after the other, even across parts that have no systems.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Mark(usize);

fn begin(mut profile: ResMut<TickProfile>) {
    profile.begin();
}
