//! Ignore lists: nothing that an ignored player says or asks reaches the player, and the ignored player is not told.

mod ears;

pub use ears::Ears;

use std::collections::BTreeMap;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::player::{Player, PlayerJoined, Players, Returned};
use realmgate_engine::schedule::TickSchedule;
use realmgate_protocol::limits::{MAX_IGNORED, MAX_IGNORED_NAME_BYTES};
use realmgate_protocol::realm::{ClientMessage, Refusal, ServerMessage};

use crate::requests::{Request, RequestSet};
use crate::session::{Session, Stage};
use crate::tell::Tell;

/// The names a player ignores, keyed by their folded form.
#[derive(Component, Debug, Clone, Default)]
pub struct Ignored {
    names: BTreeMap<String, String>,
}

/// Marks a player that has not been sent its ignore list yet.
#[derive(Component, Debug)]
#[component(storage = "SparseSet")]
struct Untold;

impl Ignored {
    fn restored(names: &[String]) -> Self {
        let short = names.iter().filter(|name| name.len() <= MAX_IGNORED_NAME_BYTES);
        Self { names: short.take(MAX_IGNORED).map(|name| (folded(name), name.clone())).collect() }
    }

    /// The ignored names, as they were given.
    pub fn names(&self) -> Vec<String> {
        self.names.values().cloned().collect()
    }

    fn add(&mut self, name: &str) -> Result<(), Refusal> {
        if self.names.len() >= MAX_IGNORED && !self.names.contains_key(&folded(name)) {
            return Err(Refusal::TooManyIgnored);
        }
        self.names.insert(folded(name), name.to_owned());
        Ok(())
    }

    fn remove(&mut self, name: &str) -> Result<(), Refusal> {
        self.names.remove(&folded(name)).map(drop).ok_or(Refusal::NotFound)
    }
}

/// Folds a name: names that differ in case only are the same.
fn folded(name: &str) -> String {
    name.to_lowercase()
}

/// Adds ignore lists.
pub struct IgnorePlugin;

impl Plugin for IgnorePlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(
            TickSchedule,
            (remember, tell_again, answer_requests, tell_newcomers).chain().in_set(RequestSet::Ignore),
        );
    }
}

fn remember(mut joined: PopulatedMessageReader<PlayerJoined>, mut commands: Commands) {
    for PlayerJoined { player, load } in joined.read() {
        let names = load.soft.as_ref().map_or(&[][..], |soft| soft.ignored.as_slice());
        let mut player = commands.entity(*player);
        player.insert(Ignored::restored(names));
        if !names.is_empty() {
            player.insert(Untold);
        }
    }
}

fn tell_again(players: Res<Players>, ignoring: Query<&Ignored>, mut commands: Commands) {
    for Returned { player, .. } in players.returned() {
        if ignoring.get(*player).is_ok_and(|ignored| !ignored.names.is_empty()) {
            commands.entity(*player).insert(Untold);
        }
    }
}

fn answer_requests(
    mut requests: PopulatedMessageReader<Request>,
    mut players: Query<(&Player, &mut Ignored)>,
    mut tell: Tell<'_, '_>,
) {
    for request in requests.read() {
        let Request { player, message, .. } = request;
        let (ClientMessage::Ignore { name } | ClientMessage::Unignore { name }) = message else { continue };
        let Ok((known, mut ignored)) = players.get_mut(*player) else { continue };
        let answer = match message {
            _ if name.is_empty() || name.len() > MAX_IGNORED_NAME_BYTES => Err(Refusal::BadText),
            ClientMessage::Unignore { .. } => ignored.remove(name),
            _ if folded(name) == folded(&known.name) => Err(Refusal::BadTarget),
            _ => ignored.add(name),
        };
        match answer {
            Ok(()) => tell.send(*player, &ServerMessage::Ignored { names: ignored.names() }),
            Err(refusal) => tell.refuse(*player, request, refusal),
        }
    }
}

fn tell_newcomers(
    mut commands: Commands,
    newcomers: Query<(Entity, &Session, &Ignored), With<Untold>>,
    mut tell: Tell<'_, '_>,
) {
    for (player, session, ignored) in &newcomers {
        if session.stage == Stage::Ready {
            tell.send(player, &ServerMessage::Ignored { names: ignored.names() });
            commands.entity(player).remove::<Untold>();
        }
    }
}
