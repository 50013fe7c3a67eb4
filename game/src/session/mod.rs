//! The session of a player: the handshake, the requests it may send and how often, and the goodbye. Spectators have a smaller one.

mod allowance;
mod come_back;
mod content;
mod hold;
mod layout;
mod leave;
mod read;
mod spectate;
mod welcome;

use allowance::{Allowance, Rate};
pub use hold::LoggingOut;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use bevy_ecs::system::SystemState;
use realmgate_engine::channel::{AnnounceLeaving, EnterWorld};
use realmgate_engine::clock::TickClock;
use realmgate_engine::player::PlayerJoined;
use realmgate_engine::schedule::{TickSchedule, TickSet};
use realmgate_protocol::ids::Tick;
use realmgate_protocol::realm::Refusal;

use crate::data::{Data, GameData};
use crate::requests::{Asked, RequestSet};
use crate::tell::Tell;

/// Milliseconds between two rate-limit refusals to a client.
const QUIET_MS: u32 = 1_000;

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
    chat: Allowance,
    invitations: Allowance,
    /// Number of messages that its client has sent.
    messages: u32,
    quiet_until: Tick,
    /// Whether its player asked to leave while it was travelling.
    pub(in crate::session) wants_out: bool,
}

impl Session {
    /// A session whose client has not sent anything yet.
    fn new(data: &GameData, clock: &TickClock) -> Self {
        Self {
            stage: Stage::New,
            allowance: Allowance::full(request_rate(data), clock),
            chat: Allowance::full(chat_rate(data), clock),
            invitations: Allowance::full(invitation_rate(data), clock),
            messages: 0,
            quiet_until: Tick(0),
            wants_out: false,
        }
    }

    /// Counts a message. Reliable messages arrive all and in order, so the number is their id in the client's stream.
    fn next_message_id(&mut self) -> u32 {
        let id = self.messages;
        self.messages = self.messages.wrapping_add(1);
        id
    }

    /// Whether its player may say something now. Counts against its rate limit.
    pub fn may_chat(&mut self, data: &GameData, clock: &TickClock) -> bool {
        self.chat.take(chat_rate(data), clock)
    }

    /// Whether its player may send a party or trade invitation now. Counts against its rate limit.
    pub fn may_invite(&mut self, data: &GameData, clock: &TickClock) -> bool {
        self.invitations.take(invitation_rate(data), clock)
    }

    /// Refuses what is over a rate limit. The player is told once a second at most: answers to a flood would be a flood.
    pub fn refuse_limited(&mut self, player: Entity, asked: Asked, clock: &TickClock, tell: &mut Tell<'_, '_>) {
        if clock.now() >= self.quiet_until {
            self.quiet_until = clock.now().after(clock.ticks(QUIET_MS));
            tell.refuse(player, asked, Refusal::RateLimited);
        }
        metrics::counter!("realmgate_rate_limited_total").increment(1);
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
                come_back::begin_anew,
                read::read_messages,
                leave::log_out,
                leave::log_out_after_all,
                come_back::stay_after_all,
                hold::let_go,
                hold::hold_back,
                welcome::welcome,
            )
                .chain()
                .in_set(RequestSet::Read),
        );
        app.init_resource::<spectate::SpectatorSessions>()
            .add_systems(TickSchedule, spectate::hear_spectators.in_set(TickSet::Receive).after(EnterWorld));
        app.add_systems(
            TickSchedule,
            leave::say_goodbye.in_set(TickSet::Lifecycle).in_set(SayGoodbye).after(AnnounceLeaving),
        );
    }
}

/// Tells everybody who is welcomed, and who watches, the names and rules of new data.
pub(crate) fn reload(world: &mut World) {
    world.resource_scope(|world, mut greeting: Mut<'_, welcome::Greeting>| {
        greeting.renew(world.resource::<Data>());
        let mut sessions = world.query::<(Entity, &Session)>();
        let ready = sessions.iter(world).filter(|(_, session)| session.stage == Stage::Ready);
        let players: Vec<Entity> = ready.map(|(player, _)| player).collect();
        let mut tell = SystemState::<Tell<'_, '_>>::new(world);
        // What it needs is in every world.
        if let Ok(mut tell) = tell.get_mut(world) {
            tell.send_all(players, greeting.content());
        }
        spectate::tell_all(world, greeting.content());
    });
}

fn request_rate(data: &GameData) -> Rate {
    Rate { burst: data.world.limits.request_burst, every_ms: data.world.limits.request_every_ms }
}

fn chat_rate(data: &GameData) -> Rate {
    Rate { burst: data.world.limits.chat_burst, every_ms: data.world.limits.chat_every_ms }
}

fn invitation_rate(data: &GameData) -> Rate {
    Rate { burst: data.world.limits.invite_burst, every_ms: data.world.limits.invite_every_ms }
}

fn open_sessions(
    mut joined: PopulatedMessageReader<PlayerJoined>,
    mut commands: Commands,
    clock: Res<TickClock>,
    data: Res<Data>,
) {
    for join in joined.read() {
        commands.entity(join.player).insert(Session::new(&data, &clock));
        metrics::counter!("realmgate_players_joined_total").increment(1);
    }
}
