//! The rules, as one bevy plugin.

use bevy_app::App;
use bevy_ecs::prelude::*;
use realmgate_engine::body::{At, Body, Speed};
use realmgate_engine::clock::TickClock;
use realmgate_engine::input::CurrentInput;
use realmgate_engine::outbox::Outbox;
use realmgate_engine::player::{
    CaptureSoftState, LeaveAsked, LeaveGranted, LinkDead, PlaceArrival, Player, PlayerJoined,
};
use realmgate_engine::random::ChannelRandom;
use realmgate_engine::replication::{ReplicateApp, Replicated, SeenBy};
use realmgate_engine::schedule::{TickSchedule, TickSet};
use realmgate_protocol::codec::encode_reliable;
use realmgate_protocol::link::{LeaveReason, SoftState};
use realmgate_protocol::movement::{Position, UNITS_PER_TILE};

use crate::{Condition, Look, ToClient};

/// How far a strike reaches.
const REACH: i32 = 2 * UNITS_PER_TILE;
const HEALTH: u8 = 3;
const COOLDOWN_MS: u32 = 400;

/// A fighter, and the tick from which it may strike again.
#[derive(Component, Default)]
struct Fighter(u32);

/// The game: a bevy plugin.
pub fn arena(app: &mut App) {
    app.replicate_wire::<Look>(SeenBy::All)
        .replicate_wire::<Condition>(SeenBy::All)
        .insert_resource(PlaceArrival(|_, load| corner(load.character.0[15])))
        .insert_resource(CaptureSoftState(|_, _| SoftState::default()))
        .add_systems(TickSchedule, (enter, leave).in_set(TickSet::Intent))
        .add_systems(TickSchedule, strike.in_set(TickSet::Combat));
}

fn corner(number: u8) -> Position {
    [(1, 1), (22, 5), (22, 1), (1, 5)].map(|(x, y)| Position::tile_centre(x, y))[usize::from(number % 4)]
}

fn enter(
    mut commands: Commands,
    mut joined: MessageReader<PlayerJoined>,
    players: Query<&Player>,
    clock: Res<TickClock>,
    mut outbox: ResMut<Outbox>,
) {
    for PlayerJoined { player: entity, load } in joined.read() {
        let letter = load.name.bytes().next().unwrap_or(b'?');
        commands.entity(*entity).insert((
            (Fighter::default(), Body { radius: 300 }, At(corner(load.character.0[15])), Speed(200)),
            (Replicated(Look { letter }), Replicated(Condition { health: HEALTH, score: 0 })),
        ));
        let Ok(player) = players.get(*entity) else { continue };
        send(&mut outbox, player, &ToClient::Welcome { tick: clock.now() });
    }
}

/// Lets players leave at once: those who ask, and those whose connection is lost.
fn leave(
    mut asked: MessageReader<LeaveAsked>,
    lost: Query<Entity, With<LinkDead>>,
    mut leave: MessageWriter<LeaveGranted>,
) {
    leave.write_batch(asked.read().map(|asked| LeaveGranted { player: asked.player, reason: asked.reason }));
    leave.write_batch(lost.iter().map(|player| LeaveGranted { player, reason: LeaveReason::ConnectionLost }));
}

type FighterData<'a> = (Entity, &'a Player, &'a CurrentInput, &'a At, &'a mut Fighter, &'a mut Replicated<Condition>);

fn strike(
    mut commands: Commands,
    clock: Res<TickClock>,
    mut random: ResMut<ChannelRandom>,
    mut fighters: Query<FighterData<'_>>,
    mut outbox: ResMut<Outbox>,
) {
    let mut strikes = Vec::new();
    for (entity, player, input, at, mut fighter, _) in &mut fighters {
        if input.0.is_some_and(|command| command.action.is_some()) && fighter.0 <= clock.now().0 {
            fighter.0 = clock.now().0 + clock.ticks(COOLDOWN_MS);
            strikes.push((entity, player.name.clone(), at.0));
        }
    }
    for (striker, winner, from) in strikes {
        let mut news = Vec::new();
        for (entity, loser, _, at, _, mut condition) in &mut fighters {
            if entity != striker && at.0.within(from, REACH) {
                condition.health -= 1;
                if condition.health == 0 {
                    condition.health = HEALTH;
                    commands.entity(entity).insert(At(corner(random.index(4) as u8)));
                    news.push(ToClient::News { text: format!("{winner} has beaten {}", loser.name) });
                }
            }
        }
        if let Ok((.., mut condition)) = fighters.get_mut(striker) {
            condition.score += news.len() as u16;
        }
        fighters.iter().for_each(|(_, player, ..)| news.iter().for_each(|news| send(&mut outbox, player, news)));
    }
}

fn send(outbox: &mut Outbox, player: &Player, message: &ToClient) {
    if let Ok(bytes) = encode_reliable(message) {
        outbox.send(player.session, bytes);
    }
}
