//! A player's conversation with the server: the greeting, what it may ask and how often, the goodbye.

mod allowance;
mod layout;
mod leave;
mod read;
mod welcome;

pub use allowance::{Allowance, Rate};

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::channel::AnnounceLeaving;
use realmgate_engine::clock::TickClock;
use realmgate_engine::player::PlayerJoined;
use realmgate_engine::schedule::{TickSchedule, TickSet};
use realmgate_protocol::ids::Tick;

use crate::data::Data;
use crate::requests::RequestSet;

/// How far the greeting has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The client has said nothing yet.
    New,
    /// It has said which protocol it speaks, and it is ours.
    Greeting,
    /// It was told who and where it is.
    Ready,
    /// It speaks another protocol, and leaves.
    Refused,
}

/// A player's conversation.
#[derive(Component, Debug)]
pub struct Session {
    /// How far the greeting has come.
    pub stage: Stage,
    pub(in crate::session) allowance: Allowance,
    pub(in crate::session) quiet_until: Tick,
    /// Its player asked to leave while it was on its way to another world.
    pub(in crate::session) wants_out: bool,
}

/// Those who leave are told why, in [`TickSet::Lifecycle`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SayGoodbye;

/// Owns the sessions. Needs [`Data`] to be there.
pub struct SessionPlugin;

impl Plugin for SessionPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<welcome::Greeting>().add_systems(
            TickSchedule,
            (open_sessions, read::read_messages, leave::log_out, leave::log_out_after_all, welcome::welcome)
                .chain()
                .in_set(RequestSet::Read),
        );
        app.add_systems(
            TickSchedule,
            leave::say_goodbye.in_set(TickSet::Lifecycle).in_set(SayGoodbye).after(AnnounceLeaving),
        );
    }
}

fn request_rate(data: &Data) -> Rate {
    Rate { burst: data.world.limits.request_burst, every_ms: data.world.limits.request_every_ms }
}

fn open_sessions(
    mut commands: Commands,
    mut joined: MessageReader<PlayerJoined>,
    (clock, data): (Res<TickClock>, Res<Data>),
) {
    for join in joined.read() {
        let allowance = Allowance::full(request_rate(&data), &clock);
        commands.entity(join.player).insert(Session {
            stage: Stage::New,
            allowance,
            quiet_until: Tick(0),
            wants_out: false,
        });
        metrics::counter!("realmgate_players_joined_total").increment(1);
    }
}
