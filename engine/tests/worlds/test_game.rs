//! The test game: two components, and players that do what the first byte of their messages says.

use std::sync::Arc;

use bevy_app::App;
use bevy_ecs::prelude::*;
use realmgate_engine::body::{At, Body, Speed};
use realmgate_engine::channel::BuildWorld;
use realmgate_engine::outbox::Outbox;
use realmgate_engine::persist::{EventDone, PersistPort};
use realmgate_engine::player::{
    CaptureSoftState, ClientBytes, LeaveAsked, LeaveGranted, PlaceArrival, Player, PlayerJoined, PlayerLeaving,
    TravelRequested,
};
use realmgate_engine::replication::{NetEntities, ReplicateApp, Replicated, SeenBy};
use realmgate_engine::schedule::{TickSchedule, TickSet};
use realmgate_protocol::bits::{BitField, BitReader, BitWriter};
use realmgate_protocol::ids::{EventKey, MapId};
use realmgate_protocol::link::{CharacterLoad, Fence, LeaveReason, OwnedEvent, SoftState};
use realmgate_protocol::movement::Position;
use realmgate_protocol::wire::WireComponent;

/// A number that all clients see.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Score(pub u16);

impl WireComponent for Score {
    const ID: u8 = 1;
    const NAME: &'static str = "Score";
    fn write(&self, out: &mut BitWriter) {
        self.0.write(out);
    }
    fn read(from: &mut BitReader<'_>) -> Option<Self> {
        BitField::read(from).map(Self)
    }
}

/// A number that only its owner sees.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Secret(pub u16);

impl WireComponent for Secret {
    const ID: u8 = 2;
    const NAME: &'static str = "Secret";
    fn write(&self, out: &mut BitWriter) {
        self.0.write(out);
    }
    fn read(from: &mut BitReader<'_>) -> Option<Self> {
        BitField::read(from).map(Self)
    }
}

/// The test game: players stand where they are loaded, and a message's first byte says what to do.
pub fn build_world() -> BuildWorld {
    Arc::new(|app: &mut App| {
        app.replicate_wire::<Score>(SeenBy::All)
            .replicate_wire::<Secret>(SeenBy::Owner)
            .insert_resource(CaptureSoftState(capture))
            .insert_resource(PlaceArrival(|_, load| arrival(load)))
            .add_systems(TickSchedule, (welcome, let_go).chain().in_set(TickSet::Intent))
            .add_systems(
                TickSchedule,
                (tell_outcomes, farewell, obey)
                    .chain()
                    .in_set(TickSet::Lifecycle)
                    .after(realmgate_engine::channel::AnnounceLeaving),
            );
    })
}

fn capture(world: &World, player: Entity) -> SoftState {
    let at = world.get::<At>(player).map_or(Position::default(), |at| at.0);
    SoftState { map: MapId(1), x: at.x, y: at.y, health: 1, resource: 0, cooldowns: Vec::new(), ..SoftState::default() }
}

/// The dead come to life at [`grave`].
fn arrival(load: &CharacterLoad) -> Position {
    match &load.soft {
        None => Position::tile_centre(1, 1),
        Some(dead) if dead.health == 0 => grave(),
        Some(soft) => Position { x: soft.x, y: soft.y },
    }
}

/// Where the dead arrive, wherever they were.
pub fn grave() -> Position {
    Position::tile_centre(12, 7)
}

fn welcome(mut commands: Commands, mut joined: MessageReader<PlayerJoined>) {
    for joined in joined.read() {
        let body =
            (Body { radius: 300 }, At(arrival(&joined.load)), Speed(100), Replicated(Score(7)), Replicated(Secret(9)));
        commands.entity(joined.player).insert(body);
    }
}

/// Lets every player leave at once.
fn let_go(mut asked: MessageReader<LeaveAsked>, mut leave: MessageWriter<LeaveGranted>) {
    for LeaveAsked { player, reason, .. } in asked.read().copied() {
        leave.write(LeaveGranted { player, reason });
    }
}

/// Sends a last message to every leaving player.
fn farewell(mut leaving: MessageReader<PlayerLeaving>, players: Query<&Player>, mut outbox: ResMut<Outbox>) {
    for leaver in leaving.read() {
        if let Ok(player) = players.get(leaver.player) {
            outbox.send(player.session, b"farewell".to_vec());
        }
    }
}

/// Submits an owned event of a player to the store.
fn own(world: &mut World, player: Entity, key: u8) {
    let known = world.get::<Player>(player).unwrap();
    let (session, fence) = (known.session, Fence { character: known.character, epoch: known.epoch });
    let event =
        OwnedEvent { key: EventKey([key; 16]), reason: "own".to_owned(), fences: vec![fence], changes: Vec::new() };
    if world.resource_mut::<PersistPort>().submit(event).is_err() {
        world.resource_mut::<Outbox>().send(session, vec![b'-', key]);
    }
}

/// Tells all players the outcome of each event.
fn tell_outcomes(mut done: MessageReader<EventDone>, players: Query<&Player>, mut outbox: ResMut<Outbox>) {
    for outcome in done.read() {
        let sign = if outcome.refusal.is_some() { b'!' } else { b'=' };
        for player in &players {
            outbox.send(player.session, vec![sign, outcome.key.0[0]]);
        }
    }
}

fn obey(world: &mut World, mut cursor: Local<bevy_ecs::message::MessageCursor<ClientBytes>>) {
    let messages: Vec<(Entity, Vec<u8>)> = {
        let messages = world.resource::<Messages<ClientBytes>>();
        cursor.read(messages).map(|message| (message.player, message.bytes.clone())).collect()
    };
    for (player, bytes) in messages {
        match bytes.as_slice() {
            [b'$', key] => own(world, player, *key),
            b"logout" => {
                world.write_message(LeaveGranted { player, reason: LeaveReason::Logout });
            }
            b"panic" => panic!("as asked"),
            b"travel" => {
                let arrival = SoftState { map: MapId(2), ..capture(world, player) };
                world.write_message(TravelRequested { player, arrival, channel: None });
            }
            [b'+', score] => {
                world.get_mut::<Replicated<Score>>(player).unwrap().0 = Score(u16::from(*score));
            }
            b"hide" => {
                world.entity_mut(player).remove::<Replicated<Score>>();
            }
            b"spawn" => {
                let id = world.resource_mut::<NetEntities>().allocate();
                let at = *world.get::<At>(player).unwrap();
                world.spawn((id, at, Replicated(Score(1))));
            }
            echo => {
                let session = world.get::<Player>(player).unwrap().session;
                world.resource_mut::<Outbox>().send(session, echo.to_vec());
            }
        }
    }
}
