//! How spectators come, what they may do, and how they go.

use std::time::Duration;

use realmgate_engine::admission::MAX_SPECTATORS;
use realmgate_protocol::ids::{ChannelId, CharacterId, LockEpoch, TicketId};
use realmgate_protocol::link::{FromMap, PrepareRefusal, ToMap};
use realmgate_protocol::movement::{Angle, Position};
use realmgate_protocol::ticket::{SpectatorTicket, Ticket};

use crate::stepper::Stepper;
use crate::wire::{Wire, over_both_wires};

over_both_wires!(
    who_watches_sees_players_and_is_none,
    neither_kind_of_ticket_is_taken_for_the_other,
    a_channel_has_room_for_few_spectators_and_gets_it_back,
    who_sends_commands_is_sent_away,
    who_watches_a_channel_that_fails_or_closes_is_disconnected,
    a_server_that_turns_players_away_has_no_spectators,
);

fn start() -> Position {
    Position::tile_centre(5, 5)
}

fn who_watches_sees_players_and_is_none(wire: Wire) {
    let mut stepper = Stepper::new(wire, 2);
    let mut anna = stepper.join(Position::tile_centre(60, 5), 1);
    let mut watcher = stepper.watch(1);
    let mut elsewhere = stepper.watch(2);
    stepper.steps(10, &mut [&mut anna, &mut watcher, &mut elsewhere]);
    // It looks where players come in, in the corner of the map, and she is out of view there.
    assert!(watcher.shown.is_empty() && watcher.head.tick.0 > 0, "it is sent snapshots, with nobody in them");
    // She walks there.
    for _ in 0..500 {
        anna.command(Some(Angle(128)));
        stepper.step(&mut [&mut anna, &mut watcher, &mut elsewhere]);
    }
    let own = anna.own().unwrap().place;
    let seen: Vec<_> = watcher.shown.values().collect();
    assert_eq!((seen.len(), seen[0].score.is_some(), seen[0].secret.is_none()), (1, true, true));
    assert_eq!(seen[0].place.map(|at| at.y), own.map(|at| at.y));
    assert_eq!(anna.shown.len(), 1, "she sees nobody but herself");
    assert!(elsewhere.shown.is_empty(), "channels do not see each other");
    stepper.steps(31, &mut [&mut anna, &mut watcher, &mut elsewhere]);
    let Some(FromMap::Load { channels }) = stepper.said("Load") else { panic!("no load is told") };
    assert_eq!(channels.iter().map(|load| load.players).collect::<Vec<_>>(), [1, 0], "spectators are no players");
    assert!(stepper.said("Entered").is_some());
    let entered = stepper.said.iter().filter(|said| matches!(said, FromMap::Entered { .. })).count();
    assert_eq!(entered, 1, "only of her the sidecar hears");
}

fn neither_kind_of_ticket_is_taken_for_the_other(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    let player = stepper.announce(CharacterId([1; 16]), LockEpoch(1), start(), 1);
    let spectator = stepper.announce_spectator(1);
    stepper.step(&mut []);
    let Ticket { ticket_id, map, channel, server, issued_ms, expires_ms, .. } = player.clone();
    let as_spectator = SpectatorTicket { ticket_id, map, channel, server, issued_ms, expires_ms };
    let mut first = stepper.watch_with(&as_spectator);
    let as_player = Ticket { ticket_id: spectator.ticket_id, ..player.clone() };
    let mut second = stepper.connect(CharacterId([1; 16]), &as_player);
    stepper.steps(10, &mut [&mut first, &mut second]);
    assert!(first.disconnected && second.disconnected, "both are refused");
    assert!(stepper.said("Entered").is_none(), "nobody has come in");
    // Both tickets are still good for what they are, over another connection.
    let mut watcher = stepper.watch_with(&spectator);
    let mut anna = stepper.connect(CharacterId([1; 16]), &player);
    stepper.steps(10, &mut [&mut watcher, &mut anna]);
    assert!(!watcher.disconnected && !anna.disconnected, "each is for what it was made for");
    assert!(stepper.said("Entered").is_some());
}

fn a_channel_has_room_for_few_spectators_and_gets_it_back(wire: Wire) {
    let mut stepper = Stepper::new(wire, 2);
    let mut watchers: Vec<_> = (0..MAX_SPECTATORS).map(|_| stepper.watch(1)).collect();
    stepper.steps(5, &mut watchers.iter_mut().collect::<Vec<_>>());
    stepper.announce_spectator(1);
    stepper.steps(2, &mut watchers.iter_mut().collect::<Vec<_>>());
    assert_eq!(stepper.refusal(), Some(PrepareRefusal::Full));
    let player = stepper.announce(CharacterId([1; 16]), LockEpoch(1), start(), 1);
    stepper.steps(2, &mut watchers.iter_mut().collect::<Vec<_>>());
    assert_eq!(stepper.refusal(), None, "players have their own places: {player:?}");
    watchers.pop().unwrap().link.disconnect();
    stepper.steps(10, &mut watchers.iter_mut().collect::<Vec<_>>());
    stepper.announce_spectator(1);
    stepper.steps(2, &mut watchers.iter_mut().collect::<Vec<_>>());
    assert_eq!(stepper.refusal(), None, "one has gone");
    let nowhere = ToMap::Watch {
        request: realmgate_protocol::ids::RequestId(7_000),
        ticket: TicketId(7_000),
        expires_in_ms: 30_000,
        map: realmgate_protocol::ids::MapId(1),
        channel: ChannelId(3),
    };
    stepper.tell(nowhere);
    stepper.steps(2, &mut watchers.iter_mut().collect::<Vec<_>>());
    assert_eq!(stepper.refusal(), Some(PrepareRefusal::NotHosted));
}

fn who_sends_commands_is_sent_away(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    let mut watcher = stepper.watch(1);
    let mut honest = stepper.watch(1);
    stepper.steps(5, &mut [&mut watcher, &mut honest]);
    for _ in 0..40 {
        watcher.command(Some(Angle(0)));
        stepper.step(&mut [&mut watcher, &mut honest]);
    }
    assert!(watcher.disconnected, "whoever has no body has no commands");
    assert!(!honest.disconnected);
}

fn who_watches_a_channel_that_fails_or_closes_is_disconnected(wire: Wire) {
    let mut stepper = Stepper::new(wire, 2);
    let mut anna = stepper.join(start(), 1);
    let (mut here, mut there) = (stepper.watch(1), stepper.watch(2));
    stepper.steps(5, &mut [&mut anna, &mut here, &mut there]);
    anna.link.send_message(b"panic".to_vec());
    stepper.steps(5, &mut [&mut anna, &mut here, &mut there]);
    assert!(here.disconnected && !there.disconnected);
    stepper.tell(ToMap::Drain);
    stepper.steps(5, &mut [&mut there]);
    assert!(there.disconnected);
    stepper.announce_spectator(2);
    stepper.steps(2, &mut []);
    assert_eq!(stepper.refusal(), Some(PrepareRefusal::Draining));
}

fn a_server_that_turns_players_away_has_no_spectators(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    let mut anna = stepper.join(start(), 1);
    let mut watcher = stepper.watch(1);
    stepper.steps(5, &mut [&mut anna, &mut watcher]);
    // Ticks that are long, and end with a tenth to spare.
    for _ in 0..30 * 60 {
        stepper.server.note_tick(Duration::ZERO, Duration::from_millis(29));
    }
    stepper.steps(5, &mut [&mut anna, &mut watcher]);
    assert!(!watcher.disconnected, "they turn nobody away");
    // Ticks that take longer than they may, for a little more than five seconds.
    for _ in 0..160 {
        stepper.server.note_tick(Duration::ZERO, Duration::from_millis(50));
    }
    stepper.steps(5, &mut [&mut anna, &mut watcher]);
    assert!(watcher.disconnected && !anna.disconnected);
    stepper.announce_spectator(1);
    stepper.steps(2, &mut [&mut anna]);
    assert_eq!(stepper.refusal(), Some(PrepareRefusal::Full));
    stepper.announce(CharacterId([9; 16]), LockEpoch(1), start(), 1);
    stepper.steps(2, &mut [&mut anna]);
    assert_eq!(stepper.refusal(), Some(PrepareRefusal::Full), "players are turned away");
}
