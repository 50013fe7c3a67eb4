//! The session of a spectator: it says `Hello`, is told which world this is, and says where it looks. It may ask nothing else.

use std::collections::BTreeMap;

use bevy_ecs::prelude::*;
use realmgate_engine::channel::ChannelKey;
use realmgate_engine::channel_map::ChannelMap;
use realmgate_engine::clock::TickClock;
use realmgate_engine::spectator::Spectators;
use realmgate_engine::transport::SessionId;
use realmgate_protocol::codec::decode_reliable;
use realmgate_protocol::ids::{CharacterId, EntityId, Tick};
use realmgate_protocol::link::LeaveReason;
use realmgate_protocol::movement::Position;
use realmgate_protocol::realm::{ClientMessage, Refusal, ServerMessage, protocol_hash};

use super::allowance::Allowance;
use super::welcome::Greeting;
use super::{QUIET_MS, Stage, request_rate};
use crate::data::Data;
use crate::requests::Asked;
use crate::tell::pieces;

/// The spectators that have said something.
#[derive(Resource, Debug, Default)]
pub(super) struct SpectatorSessions(BTreeMap<SessionId, SpectatorSession>);

#[derive(Debug)]
struct SpectatorSession {
    stage: Stage,
    allowance: Allowance,
    messages: u32,
    quiet_until: Tick,
}

/// What the welcome of a spectator is made of.
#[derive(bevy_ecs::system::SystemParam)]
pub(super) struct Place<'w> {
    key: Res<'w, ChannelKey>,
    map: Res<'w, ChannelMap>,
    greeting: Res<'w, Greeting>,
    clock: Res<'w, TickClock>,
    data: Res<'w, Data>,
}

/// Reads the messages of spectators. Nothing of it reaches the world: who watches changes nothing.
pub(super) fn hear_spectators(
    place: Place<'_>,
    mut spectators: ResMut<Spectators>,
    mut sessions: ResMut<SpectatorSessions>,
) {
    if spectators.is_empty() && sessions.0.is_empty() {
        return;
    }
    sessions.0.retain(|session, _| spectators.contains(*session));
    for (who, bytes) in spectators.take_said() {
        let fresh = || SpectatorSession {
            stage: Stage::New,
            allowance: Allowance::full(request_rate(&place.data), &place.clock),
            messages: 0,
            quiet_until: Tick(0),
        };
        let session = sessions.0.entry(who).or_insert_with(fresh);
        hear(session, who, &bytes, &place, &mut spectators);
    }
}

fn hear(session: &mut SpectatorSession, who: SessionId, bytes: &[u8], place: &Place<'_>, spectators: &mut Spectators) {
    let (id, clock) = (session.messages, &place.clock);
    session.messages = session.messages.wrapping_add(1);
    if session.stage == Stage::Refused {
        return;
    }
    if !session.allowance.take(request_rate(&place.data), clock) {
        if clock.now() >= session.quiet_until {
            session.quiet_until = clock.now().after(clock.ticks(QUIET_MS));
            refuse(spectators, who, Asked::unread(id), Refusal::RateLimited);
        }
        metrics::counter!("realmgate_rate_limited_total").increment(1);
        return;
    }
    let Ok(message) = decode_reliable::<ClientMessage>(bytes) else {
        return breach(spectators, who, Asked::unread(id));
    };
    let asked = Asked::message(id, &message);
    match (session.stage, message) {
        (Stage::New, ClientMessage::Hello { protocol_hash: theirs }) if theirs == protocol_hash() => {
            session.stage = Stage::Ready;
            welcome(place, who, spectators);
        }
        (Stage::New, ClientMessage::Hello { .. }) => {
            session.stage = Stage::Refused;
            refuse(spectators, who, asked, Refusal::ProtocolMismatch);
            send(spectators, who, &ServerMessage::Leave { reason: LeaveReason::Kicked });
            spectators.end(who);
        }
        (Stage::New, _) => refuse(spectators, who, asked, Refusal::HelloFirst),
        (_, ClientMessage::Look { x, y, follow }) => {
            spectators.look(who, Position { x, y }, follow, &place.map);
        }
        // What only those may ask who have a character.
        (_, _) => breach(spectators, who, asked),
    }
}

fn welcome(place: &Place<'_>, who: SessionId, spectators: &mut Spectators) {
    let welcome = ServerMessage::Welcome {
        protocol_hash: protocol_hash(),
        entity: EntityId(0),
        character: CharacterId([0; 16]),
        map: place.key.map,
        channel: place.key.channel,
        tick: place.clock.now(),
        tick_hz: place.clock.tick_hz() as u16,
        body_radius: place.data.world.player.radius_tiles.units(),
        slots: Vec::new(),
    };
    for message in [&welcome, place.greeting.content(), place.greeting.layout()] {
        send(spectators, who, message);
    }
}

/// Sends a message to all spectators who were welcomed.
pub(super) fn tell_all(world: &mut World, message: &ServerMessage) {
    world.resource_scope(|world, mut spectators: Mut<'_, Spectators>| {
        for (who, session) in &world.resource::<SpectatorSessions>().0 {
            if session.stage == Stage::Ready && spectators.contains(*who) {
                send(&mut spectators, *who, message);
            }
        }
    });
}

fn breach(spectators: &mut Spectators, who: SessionId, asked: Asked) {
    refuse(spectators, who, asked, Refusal::BadMessage);
    spectators.violation(who);
}

fn refuse(spectators: &mut Spectators, who: SessionId, asked: Asked, reason: Refusal) {
    let Asked { name, by } = asked;
    send(spectators, who, &ServerMessage::Refused { request: name.to_owned(), answers: by, reason });
}

fn send(spectators: &mut Spectators, who: SessionId, message: &ServerMessage) {
    pieces(message).into_iter().for_each(|piece| spectators.send(who, piece));
}
