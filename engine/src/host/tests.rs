//! The host: who comes while it drains, and which threads its channels are ticked on.

use std::num::NonZeroUsize;
use std::sync::atomic::AtomicU32;
use std::sync::mpsc::channel;

use bevy_ecs::schedule::IntoScheduleConfigs;
use realmgate_protocol::ids::{AccountId, ChannelId, CharacterId, LockEpoch, MapId, RequestId, TicketId};
use realmgate_protocol::link::{CharacterLoad, FromMap, LeaveReason, SoftState, ToMap};
use realmgate_protocol::ticket::Ticket;

use super::*;
use crate::map::Map;
use crate::player::CaptureSoftState;
use crate::schedule::{TickSchedule, TickSet};
use crate::transport::ClientId;
use crate::transport::memory::memory_transport;

const CHARACTER: CharacterId = CharacterId([1; 16]);

fn soft() -> SoftState {
    SoftState {
        map: MapId(1),
        x: 1_500,
        y: 1_500,
        health: 1,
        resource: 0,
        cooldowns: Vec::new(),
        ..SoftState::default()
    }
}

fn prepare(ticket: &Ticket) -> ToMap {
    let load = CharacterLoad { soft: Some(soft()), ..CharacterLoad::fresh(CHARACTER, ticket.account, "late", "") };
    ToMap::Prepare {
        request: RequestId(1),
        ticket: ticket.ticket_id,
        expires_in_ms: 30_000,
        map: ticket.map,
        channel: ticket.channel,
        epoch: ticket.epoch,
        load,
        trace: String::new(),
    }
}

fn config() -> HostConfig {
    HostConfig {
        server: "here".parse().unwrap(),
        maps: vec![Arc::new(Map::sketch(MapId(1), &["S..", "..."]).unwrap())],
        channels: 1,
        tick_hz: 30,
        tick_threads: NonZeroUsize::MIN,
        max_players: 10,
        protocol_hash: 1,
        keys: "a secret of at least thirty-two bytes!".parse().unwrap(),
        seed: [3; 32],
        record: None,
        offline_play_max_s: 600,
    }
}

#[test]
fn who_was_announced_before_a_drain_and_comes_during_it_is_let_go_at_once() {
    let config = config();
    let keys = config.keys.clone();
    let ticket = Ticket {
        ticket_id: TicketId(7),
        account: AccountId([1; 16]),
        character: CHARACTER,
        epoch: LockEpoch(3),
        map: MapId(1),
        channel: ChannelId(1),
        server: config.server.clone(),
        issued_ms: 0,
        expires_ms: 30_000,
    };
    let (to_map, incoming) = channel();
    let (outgoing, from_map) = channel();
    let build: BuildWorld = Arc::new(|app| {
        app.insert_resource(CaptureSoftState(|_, _| soft()));
    });
    let (transport, network) = memory_transport();
    let mut server =
        MapServer::new(config, build, Transports::new(vec![Box::new(transport)]), LinkEnds { incoming, outgoing });
    to_map.send(prepare(&ticket).into()).unwrap();
    server.step(33);
    server.drain();

    let _client = network.connect(ticket.seal(&keys), ClientId(7));
    server.step(33 * 2);
    let released = from_map.try_iter().find_map(|said| match said {
        FromMap::Released { save, reason } => Some((save.character, save.epoch, reason)),
        _ => None,
    });
    assert_eq!(released, Some((CHARACTER, LockEpoch(3), LeaveReason::ServerClosing)));
    assert!(!server.is_drained(), "its release is not answered yet");
    to_map.send(ToMap::Settled { character: CHARACTER, epoch: LockEpoch(3) }.into()).unwrap();
    server.step(33 * 3);
    assert!(server.is_drained(), "it would hold up the drain until time runs out, and go unsaved");
}

#[test]
fn for_few_players_all_channels_are_ticked_on_the_one_thread() {
    let here = std::thread::current().id();
    let elsewhere = Arc::new(AtomicU32::new(0));
    let counted = elsewhere.clone();
    let build: BuildWorld = Arc::new(move |app| {
        let counted = counted.clone();
        let note_thread = move || {
            counted.fetch_add(u32::from(std::thread::current().id() != here), Ordering::Relaxed);
        };
        app.add_systems(TickSchedule, note_thread.in_set(TickSet::Receive));
    });
    let (_to_map, incoming) = channel();
    let (outgoing, _from_map) = channel();
    let config = HostConfig { channels: 4, tick_threads: NonZeroUsize::new(2).unwrap(), ..config() };
    let mut server = MapServer::new(config, build, Transports::new(Vec::new()), LinkEnds { incoming, outgoing });
    (1..=200).for_each(|tick| server.step(33 * tick));
    assert_eq!(elsewhere.load(Ordering::Relaxed), 0, "ticks of channels that another thread was woken for");
}
