//! The session of a player: the handshake, the requests it may send and how often, and the goodbye.

mod allowance;
mod hold;
mod layout;
mod leave;
mod read;
mod welcome;

pub use allowance::{Allowance, Rate};
pub use hold::LoggingOut;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::channel::AnnounceLeaving;
use realmgate_engine::clock::TickClock;
use realmgate_engine::player::PlayerJoined;
use realmgate_engine::schedule::{TickSchedule, TickSet};
use realmgate_protocol::ids::Tick;

use crate::data::Data;
use crate::requests::RequestSet;

/// Progress of the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The client has not sent its `Hello` yet.
    New,
    /// The client has sent `Hello` with our protocol hash.
    Greeting,
    /// The client was sent its `Welcome`.
    Ready,
    /// The client has another protocol hash, and is made to leave.
    Refused,
}

/// The session of a player.
#[derive(Component, Debug)]
pub struct Session {
    /// Progress of the handshake.
    pub stage: Stage,
    pub(in crate::session) allowance: Allowance,
    invitations: Allowance,
    pub(in crate::session) quiet_until: Tick,
    /// Whether its player asked to leave while it was travelling.
    pub(in crate::session) wants_out: bool,
}

impl Session {
    /// Whether its player may send a party or trade invitation now. Counts against its rate limit.
    pub fn may_invite(&mut self, data: &Data, clock: &TickClock) -> bool {
        let may = self.invitations.take(invitation_rate(data), clock);
        if !may {
            metrics::counter!("realmgate_rate_limited_total").increment(1);
        }
        may
    }
}

/// Tells leaving players the reason, in [`TickSet::Lifecycle`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SayGoodbye;

/// Adds sessions. Needs [`Data`] to be inserted first.
pub struct SessionPlugin;

impl Plugin for SessionPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<welcome::Greeting>().add_systems(
            TickSchedule,
            (
                open_sessions,
                read::read_messages,
                leave::log_out,
                leave::log_out_after_all,
                hold::let_go,
                hold::hold_back,
                welcome::welcome,
            )
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

fn invitation_rate(data: &Data) -> Rate {
    Rate { burst: data.world.limits.invite_burst, every_ms: data.world.limits.invite_every_ms }
}

fn open_sessions(
    mut commands: Commands,
    mut joined: MessageReader<PlayerJoined>,
    clock: Res<TickClock>,
    data: Res<Data>,
) {
    for join in joined.read() {
        let allowance = Allowance::full(request_rate(&data), &clock);
        commands.entity(join.player).insert(Session {
            stage: Stage::New,
            allowance,
            invitations: Allowance::full(invitation_rate(&data), &clock),
            quiet_until: Tick(0),
            wants_out: false,
        });
        metrics::counter!("realmgate_players_joined_total").increment(1);
    }
}
