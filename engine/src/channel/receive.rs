//! Applies the inbox to the world.

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_protocol::ids::{CharacterId, LockEpoch, SaveSequence};
use realmgate_protocol::link::{CharacterLoad, EventOutcome, LeaveReason};

use super::depart::Leaving;
use super::inbox::{ChannelDirectory, Inbox, ToChannel};
use crate::clock::TickClock;
use crate::input::{CurrentInput, InputBuffer};
use crate::outbox::Outbox;
use crate::persist::{EventDone, PersistPort};
use crate::player::{
    ClientBytes, LeaveAsked, LeaveGranted, LinkDead, Player, PlayerJoined, Players, Returned, SocialHeard,
    TravelAnswered, Travelling,
};
use crate::replication::{ClientView, NetEntities};
use crate::schedule::{BeginTick, TickSchedule, TickSet};
use crate::transport::SessionId;

/// The set in which the inbox is applied to the world.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EnterWorld;

/// The plugin that applies the inbox. Its system runs first in [`TickSet::Receive`], after the clock.
pub(super) struct ReceivePlugin;

impl Plugin for ReceivePlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Players>()
            .add_message::<PlayerJoined>()
            .add_message::<ClientBytes>()
            .add_message::<LeaveAsked>()
            .add_message::<LeaveGranted>()
            .add_message::<TravelAnswered>()
            .add_message::<SocialHeard>()
            .add_systems(TickSchedule, receive.in_set(TickSet::Receive).in_set(EnterWorld).after(BeginTick));
    }
}

fn receive(world: &mut World, mut events: Local<Vec<ToChannel>>) {
    world.resource_mut::<Inbox>().swap(&mut events);
    world.resource_mut::<Players>().begin_tick();
    for event in events.drain(..) {
        receive_one(world, event);
    }
}

fn receive_one(world: &mut World, event: ToChannel) {
    match event {
        ToChannel::Join { session, epoch, load } => join(world, session, epoch, load),
        ToChannel::Frame { session, ack, commands } => {
            let Some(player) = world.resource::<Players>().of_session(session) else { return };
            let Some(mut view) = world.get_mut::<ClientView>(player) else { return };
            view.acknowledge(ack);
            let acknowledged = view.acknowledged();
            if let Some(mut buffer) = world.get_mut::<InputBuffer>(player) {
                buffer.take(&commands, acknowledged);
            }
        }
        ToChannel::Message { session, bytes } => {
            if let Some(player) = world.resource::<Players>().of_session(session) {
                world.write_message(ClientBytes { player, session, bytes });
            }
        }
        ToChannel::Lost { session } => {
            let since = world.resource::<TickClock>().now();
            if let Some(player) = world.resource::<Players>().of_session(session) {
                world.entity_mut(player).insert(LinkDead { since });
            }
        }
        ToChannel::Committed { outcomes } => committed(world, &outcomes),
        ToChannel::Kick { character, reason } => {
            if let Some(player) = player_of(world, character) {
                kick(world, player, reason);
            }
        }
        ToChannel::Drop { character, reason } => {
            if let Some(player) = player_of(world, character) {
                world.entity_mut(player).insert(Leaving::Dropped(reason));
            }
        }
        ToChannel::TravelGranted { character, grant } => {
            if let Some(player) = player_of(world, character) {
                world.entity_mut(player).insert(Leaving::Travelled);
                world.write_message(TravelAnswered { player, answer: Ok(grant) });
            }
        }
        ToChannel::TravelRefused { character, epoch, code } => travel_refused(world, character, epoch, code),
        ToChannel::Directory { channels } => world.resource_mut::<ChannelDirectory>().channels = channels,
        ToChannel::Social { character, event } => {
            if let Some(player) = player_of(world, character) {
                world.write_message(SocialHeard { player, event });
            }
        }
        ToChannel::StoreAway { room } => world.resource_mut::<PersistPort>().set_away(Some(room as usize)),
        ToChannel::StoreBack => store_back(world),
        ToChannel::Overload { level } => *world.resource_mut() = level,
        ToChannel::Awaited { character } => awaited(world, character),
        ToChannel::Return { session, character } => come_back(world, session, character),
        ToChannel::Reload(reload) => {
            if let Some(apply) = world.resource::<Inbox>().on_reload {
                apply(world, &reload);
            }
        }
    }
}

/// The game may delay what a player's own account or client can bring about. Everything else happens at once.
fn kick(world: &mut World, player: Entity, reason: LeaveReason) {
    match reason {
        LeaveReason::Logout | LeaveReason::Replaced => {
            world.write_message(LeaveAsked { player, reason, by_link: true });
        }
        LeaveReason::Abuse => {
            world.write_message(LeaveAsked { player, reason, by_link: false });
        }
        LeaveReason::ConnectionLost
        | LeaveReason::Kicked
        | LeaveReason::ServerClosing
        | LeaveReason::ChannelFailed
        | LeaveReason::StoreAway
        | LeaveReason::MovedOn => {
            world.write_message(LeaveGranted { player, reason });
        }
    }
}

fn player_of(world: &World, character: CharacterId) -> Option<Entity> {
    world.resource::<Players>().of_character(character)
}

fn join(world: &mut World, session: SessionId, epoch: LockEpoch, load: CharacterLoad) {
    if player_of(world, load.character).is_some() {
        // Admission lets a character in once; a second one here would be two bodies of one character. Its connection
        // must not stay open without a body: nothing would ever end it.
        world.resource_mut::<Outbox>().disconnects.push(session);
        return;
    }
    let net = world.resource_mut::<NetEntities>().allocate();
    let player = Player {
        character: load.character,
        account: load.account,
        name: load.name.clone(),
        epoch,
        sequence: SaveSequence(0),
        session,
    };
    let now = world.resource::<TickClock>().now();
    let body = (player, net, InputBuffer::default(), CurrentInput::default(), ClientView::new(now));
    let entity = world.spawn(body).id();
    world.resource_mut::<Players>().add(session, load.character, entity);
    world.write_message(PlayerJoined { player: entity, load });
}

/// The player's next connection is on its way: a body that waits for one begins its wait again.
fn awaited(world: &mut World, character: CharacterId) {
    let Some(player) = player_of(world, character) else { return };
    let now = world.resource::<TickClock>().now();
    if let Some(mut link_dead) = world.get_mut::<LinkDead>(player) {
        link_dead.since = now;
    }
    world.resource_mut::<Players>().note_awaited(player);
}

/// The body stays as it is; everything that concerned the connection starts from nothing.
fn come_back(world: &mut World, session: SessionId, character: CharacterId) {
    let now = world.resource::<TickClock>().now();
    let body = player_of(world, character).and_then(|player| world.get_entity_mut(player).ok());
    let Some((mut body, before)) = body.and_then(|mut body| {
        let mut known = body.get_mut::<Player>()?;
        let before = std::mem::replace(&mut known.session, session);
        Some((body, before))
    }) else {
        // A body that goes takes the announcement with it. Should there be none all the same, the connection must not stay
        // open without one.
        world.resource_mut::<Outbox>().disconnects.push(session);
        return;
    };
    body.insert((InputBuffer::default(), CurrentInput::default(), ClientView::new(now))).remove::<LinkDead>();
    let player = body.id();
    world.resource_mut::<Players>().reconnect(Returned { player, before }, session);
    world.resource_mut::<Outbox>().disconnects.push(before);
}

fn committed(world: &mut World, outcomes: &[EventOutcome]) {
    for outcome in outcomes {
        world.resource_mut::<PersistPort>().done(outcome.key);
        world.write_message(EventDone { key: outcome.key, refusal: outcome.refusal });
    }
}

/// The link repeats unanswered travel requests, so each gets the full time for its answer again.
fn store_back(world: &mut World) {
    world.resource_mut::<PersistPort>().set_away(None);
    let now = world.resource::<TickClock>().now();
    let mut travellers = world.query::<&mut Travelling>();
    travellers.iter_mut(world).for_each(|mut travelling| travelling.since = now);
}

fn travel_refused(world: &mut World, character: CharacterId, epoch: LockEpoch, code: String) {
    let Some(player) = player_of(world, character) else { return };
    if let Some(mut known) = world.get_mut::<Player>(player) {
        // A new epoch counts its saves from the start.
        (known.epoch, known.sequence) = (epoch, SaveSequence(0));
    }
    world.entity_mut(player).remove::<Travelling>();
    world.write_message(TravelAnswered { player, answer: Err(code) });
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use realmgate_protocol::ids::{AccountId, ChannelId, MapId};

    use super::*;
    use crate::channel::{BuildWorld, Channel, ChannelKey, ChannelSettings};
    use crate::map::Map;

    fn join(session: u64) -> ToChannel {
        let load = CharacterLoad::fresh(CharacterId([1; 16]), AccountId([1; 16]), "twice", "");
        ToChannel::Join { session: SessionId::from(session), epoch: LockEpoch(session), load }
    }

    #[test]
    fn who_is_here_already_does_not_come_a_second_time_and_the_second_connection_ends() {
        let key = ChannelKey { map: MapId(1), channel: ChannelId(1) };
        let map = Arc::new(Map::sketch(MapId(1), &["S."]).unwrap());
        let build: BuildWorld = Arc::new(|_| {});
        let mut channel =
            Channel::new(ChannelSettings { key, map, tick_hz: 30, seed: [1; 32], threads: Default::default() }, &build);
        channel.push(join(1));
        channel.tick().unwrap();
        assert!(channel.take_outbox().disconnects.is_empty());
        channel.push(join(2));
        channel.tick().unwrap();
        assert_eq!(channel.take_outbox().disconnects, [SessionId::from(2)]);
        let world = channel.world_mut();
        assert_eq!(world.query::<&Player>().iter(world).count(), 1, "one body");
        let players = channel.world().resource::<Players>();
        assert_eq!(players.of_character(CharacterId([1; 16])), players.of_session(SessionId::from(1)));
        assert!(players.of_session(SessionId::from(1)).is_some());
        assert_eq!(players.of_session(SessionId::from(2)), None);
    }
}
