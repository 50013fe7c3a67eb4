//! How players enter, travel and leave, and what becomes of a channel that fails.

use realmgate_engine::channel::ChannelDirectory;
use realmgate_engine::host::HostStatus;
use realmgate_engine::transport::ClientId;
use realmgate_protocol::ids::{CharacterId, LockEpoch, RequestId, SaveSequence};
use realmgate_protocol::link::{FromMap, LeaveReason, PrepareRefusal, ToMap};
use realmgate_protocol::movement::{Angle, Position};

use crate::stepper::{Client, Stepper};
use crate::test_game::grave;
use crate::wire::{Wire, over_both_wires};

over_both_wires!(
    a_reliable_message_reaches_the_game_and_its_answer_the_client,
    logging_out_saves_releases_and_disconnects,
    the_last_word_waits_for_the_store,
    a_store_that_is_away_keeps_nobody_for_ever,
    soft_state_is_saved_within_five_seconds_with_growing_sequences,
    a_kick_for_nobody_lets_the_lock_go,
    a_fenced_player_is_dropped_and_nothing_is_written,
    a_traveller_stands_still_until_it_is_refused_and_then_plays_on_under_the_new_epoch,
    a_channel_that_panics_takes_nobody_else_with_it,
    channels_do_not_see_each_other,
    a_ticket_admits_once_and_a_stranger_never,
    what_comes_over_a_refused_connection_is_not_the_players_word,
    a_drain_saves_and_releases_everybody_and_takes_nobody_new,
    who_goes_without_a_word_leaves_its_body_to_the_game,
    a_channel_is_told_how_many_it_could_hold_and_not_the_whole_server,
    an_announcement_is_answered_with_the_place,
);

/// What the first channel knows of both channels after a second: players and capacity of each.
fn told_of_channels(stepper: &mut Stepper) -> Vec<(u16, u16)> {
    stepper.steps(31, &mut []);
    let channel = stepper.server.channels().next().unwrap();
    let known = &channel.world().resource::<ChannelDirectory>().channels;
    known.iter().map(|state| (state.players, state.capacity)).collect()
}

fn a_channel_is_told_how_many_it_could_hold_and_not_the_whole_server(wire: Wire) {
    let mut stepper = Stepper::new(wire, 2);
    assert_eq!(told_of_channels(&mut stepper), [(0, 100), (0, 100)]);
    for _ in 0..3 {
        stepper.join(start(), 1);
    }
    assert_eq!(told_of_channels(&mut stepper), [(3, 100), (0, 97)], "three of the hundred places are taken");
}

fn an_announcement_is_answered_with_the_place(wire: Wire) {
    // The game decides: not all come to life where they were.
    for (health, place) in [(1, start()), (0, grave())] {
        let mut stepper = Stepper::new(wire, 1);
        stepper.health = health;
        let mut anna = stepper.join(start(), 1);
        let Some(FromMap::Prepared { refusal: None, spawn, .. }) = stepper.said("Prepared") else {
            panic!("not expected")
        };
        assert_eq!(*spawn, Some(place));
        stepper.steps(3, &mut [&mut anna]);
        assert_eq!(anna.shown.values().map(|shown| shown.place).collect::<Vec<_>>(), [Some(place)]);
    }
}

fn start() -> Position {
    Position::tile_centre(5, 5)
}

fn a_reliable_message_reaches_the_game_and_its_answer_the_client(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    let mut anna = stepper.join(start(), 1);
    stepper.step(&mut [&mut anna]);
    anna.link.send_message(b"hello".to_vec());
    stepper.steps(2, &mut [&mut anna]);
    assert_eq!(anna.messages, [b"hello".to_vec()]);
}

fn logging_out_saves_releases_and_disconnects(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    let mut anna = stepper.join(start(), 1);
    stepper.steps(2, &mut [&mut anna]);
    anna.command(Some(Angle(0)));
    anna.link.send_message(b"logout".to_vec());
    stepper.steps(4, &mut [&mut anna]);
    let Some(FromMap::Released { save, reason }) = stepper.said("Released") else { panic!("no release") };
    assert_eq!((*reason, save.character, save.epoch), (LeaveReason::Logout, anna.character, LockEpoch(1)));
    assert_eq!(save.soft.x, start().x + 100, "the last step is in the save");
    assert!(anna.disconnected);
}

fn the_last_word_waits_for_the_store(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    stepper.settles = false;
    let mut anna = stepper.join(start(), 1);
    stepper.steps(2, &mut [&mut anna]);
    anna.link.send_message(b"logout".to_vec());
    stepper.steps(10, &mut [&mut anna]);
    assert!(stepper.said("Released").is_some() && anna.messages.is_empty() && !anna.disconnected);
    stepper.tell(ToMap::Settled { character: anna.character, epoch: LockEpoch(9) });
    stepper.steps(2, &mut [&mut anna]);
    assert!(anna.messages.is_empty(), "an answer under another epoch is none");
    stepper.tell(ToMap::Settled { character: anna.character, epoch: LockEpoch(1) });
    stepper.steps(4, &mut [&mut anna]);
    assert_eq!(anna.messages, [b"farewell".to_vec()]);
    assert!(anna.disconnected);
}

fn a_store_that_is_away_keeps_nobody_for_ever(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    stepper.settles = false;
    let mut anna = stepper.join(start(), 1);
    stepper.steps(2, &mut [&mut anna]);
    anna.link.send_message(b"logout".to_vec());
    stepper.steps(5 * 30 + 6, &mut [&mut anna]);
    assert_eq!(anna.messages, [b"farewell".to_vec()]);
    assert!(anna.disconnected);
}

fn soft_state_is_saved_within_five_seconds_with_growing_sequences(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    let mut anna = stepper.join(start(), 1);
    let mut saved = Vec::new();
    for tick in 1..=320 {
        anna.command(Some(Angle(0)));
        stepper.step(&mut [&mut anna]);
        let place = anna.own().and_then(|own| own.place);
        for said in stepper.said.drain(..) {
            let FromMap::Save { saves } = said else { continue };
            saved.extend(saves.into_iter().map(|save| (tick, place, save)));
        }
    }
    let ticks: Vec<u32> = saved.iter().map(|(tick, ..)| *tick).collect();
    assert!(ticks[0] <= 5 * 30 && ticks[1] - ticks[0] == 5 * 30 && ticks.len() == 2, "{ticks:?}");
    for ((_, place, save), number) in saved.iter().zip(1..) {
        let expected = (anna.character, LockEpoch(1), SaveSequence(number));
        assert_eq!((save.character, save.epoch, save.sequence), expected);
        assert_eq!(Some(Position { x: save.soft.x, y: save.soft.y }), *place, "where it is by then");
        assert!(save.soft.x > start().x, "it walks all the while");
    }
}

#[test]
fn many_are_saved_in_few_ticks() {
    let mut stepper = Stepper::new(Wire::Memory, 1);
    let mut players: Vec<Client> = (0..40).map(|_| stepper.join(start(), 1)).collect();
    let mut all: Vec<&mut Client> = players.iter_mut().collect();
    stepper.steps(2, &mut all);
    stepper.said.clear();
    let (mut saved, mut ticks) = (Vec::new(), 0);
    for _ in 0..5 * 30 {
        stepper.step(&mut all);
        let said = stepper
            .said
            .drain(..)
            .filter_map(|said| if let FromMap::Save { saves } = said { Some(saves) } else { None });
        let now: Vec<CharacterId> = said.flatten().map(|save| save.character).collect();
        ticks += u32::from(!now.is_empty());
        saved.extend(now);
    }
    saved.sort();
    let everybody: Vec<CharacterId> = all.iter().map(|player| player.character).collect();
    assert_eq!(saved, everybody, "each once in five seconds");
    assert!(ticks <= 20, "{ticks} ticks of saves, each of which wakes who takes them in");
}

fn a_kick_for_nobody_lets_the_lock_go(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    let character = CharacterId([9; 16]);
    stepper.tell(ToMap::Kick { character, epoch: LockEpoch(4), reason: LeaveReason::Replaced });
    stepper.step(&mut []);
    let dropped = FromMap::Dropped { character, epoch: LockEpoch(4), reason: LeaveReason::Replaced };
    assert_eq!(stepper.said("Dropped"), Some(&dropped));

    // Who is expected is nobody yet, and is not expected any more.
    let character = CharacterId([8; 16]);
    let ticket = stepper.announce(character, LockEpoch(5), start(), 1);
    stepper.tell(ToMap::Kick { character, epoch: LockEpoch(5), reason: LeaveReason::Abuse });
    stepper.step(&mut []);
    let dropped = FromMap::Dropped { character, epoch: LockEpoch(5), reason: LeaveReason::Abuse };
    assert_eq!(stepper.said("Dropped"), Some(&dropped));
    let mut late = stepper.connect(character, &ticket);
    stepper.steps(2, &mut [&mut late]);
    assert!(late.disconnected && late.shown.is_empty(), "nobody comes in whose lock was let go");
}

fn a_fenced_player_is_dropped_and_nothing_is_written(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    let mut anna = stepper.join(start(), 1);
    stepper.steps(2, &mut [&mut anna]);
    stepper.tell(ToMap::Fenced { character: anna.character, epoch: LockEpoch(9) });
    stepper.steps(2, &mut [&mut anna]);
    assert!(!anna.disconnected, "a lock under another epoch was not its own");
    stepper.said.clear();
    stepper.tell(ToMap::Fenced { character: anna.character, epoch: LockEpoch(1) });
    stepper.steps(2, &mut [&mut anna]);
    assert_eq!(anna.messages, [b"farewell".to_vec()], "it is told");
    assert!(anna.disconnected);
    stepper.steps(6 * 30, &mut []);
    let written = stepper.said.iter().find(|said| said.name() != "Load");
    assert_eq!(written, None, "a stale owner writes nothing");

    // Once more in the tick in which the next save is due.
    let mut bert = stepper.join(start(), 1);
    stepper.said.clear();
    for _ in 0..5 * 30 {
        if stepper.said("Save").is_none() {
            stepper.step(&mut [&mut bert]);
        }
    }
    assert!(stepper.said("Save").is_some(), "one every five seconds");
    stepper.steps(5 * 30 - 1, &mut [&mut bert]);
    stepper.said.clear();
    stepper.tell(ToMap::Fenced { character: bert.character, epoch: LockEpoch(1) });
    stepper.steps(2, &mut [&mut bert]);
    assert!(bert.disconnected);
    assert_eq!(stepper.said.iter().find(|said| said.name() != "Load"), None, "not even what was due");
}

/// Walks east, and returns where that leads.
fn walk(stepper: &mut Stepper, client: &mut Client, ticks: u32) -> Position {
    for _ in 0..ticks {
        client.command(Some(Angle(0)));
        stepper.step(&mut [&mut *client]);
    }
    client.own().and_then(|own| own.place).expect("it is in the world")
}

fn a_traveller_stands_still_until_it_is_refused_and_then_plays_on_under_the_new_epoch(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    let mut anna = stepper.join(start(), 1);
    stepper.steps(2, &mut [&mut anna]);
    assert_eq!(walk(&mut stepper, &mut anna, 3), start().offset(300, 0));
    // It is on its feet all the while.
    anna.link.send_message(b"travel".to_vec());
    let left_at = walk(&mut stepper, &mut anna, 1);
    assert_eq!(left_at, start().offset(400, 0));
    let Some(FromMap::Travel { request, save, .. }) = stepper.said("Travel").cloned() else { panic!("no question") };
    assert_eq!(save.soft.map.0, 2, "the save says where to arrive");
    assert_eq!(walk(&mut stepper, &mut anna, 1), left_at, "a traveller is frozen");
    assert_eq!(walk(&mut stepper, &mut anna, 9), left_at, "for as long as there is no answer");
    let refused = ToMap::TravelRefused {
        request,
        character: anna.character,
        epoch: LockEpoch(2),
        code: "MAP_NOT_FOUND".to_owned(),
    };
    stepper.tell(refused);
    let walked_to = walk(&mut stepper, &mut anna, 3);
    assert_eq!(walked_to, left_at.offset(300, 0), "the steps that it was told to take after the refusal");
    anna.link.send_message(b"logout".to_vec());
    stepper.steps(2, &mut [&mut anna]);
    let Some(FromMap::Released { save, .. }) = stepper.said("Released") else { panic!("no release") };
    assert_eq!((save.epoch, save.sequence), (LockEpoch(2), SaveSequence(1)));
    assert_eq!(Position { x: save.soft.x, y: save.soft.y }, walked_to);
}

fn a_channel_that_panics_takes_nobody_else_with_it(wire: Wire) {
    let mut stepper = Stepper::new(wire, 2);
    let mut anna = stepper.join(start(), 1);
    let mut bert = stepper.join(start(), 2);
    stepper.steps(2, &mut [&mut anna, &mut bert]);
    anna.link.send_message(b"panic".to_vec());
    stepper.steps(3, &mut [&mut anna, &mut bert]);
    assert!(anna.disconnected && !bert.disconnected);
    let dropped =
        FromMap::Dropped { character: anna.character, epoch: LockEpoch(1), reason: LeaveReason::ChannelFailed };
    let all: Vec<&FromMap> = stepper.said.iter().filter(|said| said.name() == "Dropped").collect();
    assert_eq!(all, [&dropped], "let go, and nobody else");
    bert.link.send_message(b"still here".to_vec());
    stepper.steps(2, &mut [&mut bert]);
    assert_eq!(bert.messages, [b"still here".to_vec()]);
    let mut again = stepper.join_as(anna.character, LockEpoch(2), start(), 1);
    stepper.steps(3, &mut [&mut again, &mut bert]);
    assert!(!again.shown.is_empty(), "the fresh channel takes players");
}

fn channels_do_not_see_each_other(wire: Wire) {
    let mut stepper = Stepper::new(wire, 2);
    let mut anna = stepper.join(start(), 1);
    let mut bert = stepper.join(start(), 2);
    let mut carl = stepper.join(start(), 2);
    stepper.steps(3, &mut [&mut anna, &mut bert, &mut carl]);
    let shown = [&anna, &bert, &carl].map(|client| client.shown.len());
    assert_eq!(shown, [1, 2, 2], "those in one channel see each other, and nobody else");
}

fn a_ticket_admits_once_and_a_stranger_never(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    let character = CharacterId([1; 16]);
    let ticket = stepper.announce(character, LockEpoch(1), start(), 1);
    stepper.step(&mut []);
    let mut anna = stepper.connect(character, &ticket);
    stepper.steps(2, &mut [&mut anna]);
    assert_eq!(anna.shown.len(), 1, "it is in");
    let mut stranger = stepper.networks[0].connect(vec![0; 256], ClientId(77));
    stepper.steps(2, &mut [&mut anna]);
    assert!(!stranger.recv().is_empty() && !stranger.is_connected(), "no ticket, no entry");
    assert!(!anna.disconnected);
    // It is used up, whatever becomes of the connection.
    anna.link.disconnect();
    stepper.steps(2, &mut []);
    let mut again = stepper.connect(character, &ticket);
    stepper.steps(2, &mut [&mut again]);
    assert!(again.disconnected && again.shown.is_empty(), "it has admitted before");
    assert_eq!(stepper.said.iter().filter(|said| said.name() == "Entered").count(), 1);
}

fn what_comes_over_a_refused_connection_is_not_the_players_word(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    let character = CharacterId([1; 16]);
    let ticket = stepper.announce(character, LockEpoch(1), start(), 1);
    stepper.step(&mut []);
    let mut anna = stepper.connect(character, &ticket);
    let mut bert = stepper.join(start(), 1);
    stepper.steps(2, &mut [&mut anna, &mut bert]);
    anna.link.disconnect();
    stepper.steps(2, &mut [&mut bert]);
    let mut again = stepper.connect(character, &ticket);
    again.command(Some(Angle(0)));
    again.link.send_message(b"logout".to_vec());
    stepper.steps(2, &mut [&mut again, &mut bert]);
    assert!(again.disconnected, "the ticket was used before");
    assert_eq!(stepper.released(), [], "the body is nobody's who has no ticket");
    let places: Vec<_> = bert.shown.values().map(|shown| shown.place).collect();
    assert_eq!(places, [Some(start()); 2], "and does not walk for it");
}

fn a_drain_saves_and_releases_everybody_and_takes_nobody_new(wire: Wire) {
    let mut stepper = Stepper::new(wire, 2);
    let mut anna = stepper.join(start(), 1);
    let mut bert = stepper.join(start(), 1);
    let mut carl = stepper.join(start(), 2);
    stepper.steps(2, &mut [&mut anna, &mut bert, &mut carl]);
    stepper.tell(ToMap::Drain);
    stepper.steps(3, &mut [&mut anna, &mut bert, &mut carl]);
    assert!(anna.disconnected && bert.disconnected && carl.disconnected && stepper.server.is_drained());
    let everybody = [&anna, &bert, &carl].map(|client| (client.character, LeaveReason::ServerClosing));
    assert_eq!(stepper.released(), everybody);
    let mut late = stepper.join(start(), 1);
    stepper.step(&mut [&mut late]);
    assert!(late.disconnected, "nobody new comes in");
    let status: std::sync::Arc<HostStatus> = stepper.server.status();
    assert_eq!(status.players.load(std::sync::atomic::Ordering::Relaxed), 0);
    assert!(matches!(
        stepper.said("Prepared"),
        Some(FromMap::Prepared { request: RequestId(_), refusal: Some(PrepareRefusal::Draining), spawn: None })
    ));
}

fn who_goes_without_a_word_leaves_its_body_to_the_game(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    let mut anna = stepper.join(start(), 1);
    let mut bert = stepper.join(start(), 1);
    stepper.steps(2, &mut [&mut anna, &mut bert]);
    anna.link.disconnect();
    stepper.steps(3, &mut [&mut bert]);
    assert_eq!(bert.shown.len(), 2, "the engine alone lets nobody go for a lost connection");
    assert_eq!(stepper.said("Released"), None);
    stepper.tell(ToMap::Kick { character: anna.character, epoch: LockEpoch(1), reason: LeaveReason::Replaced });
    stepper.steps(3, &mut [&mut bert]);
    assert_eq!(bert.shown.len(), 1, "a kick does");
    assert!(matches!(stepper.said("Released"), Some(FromMap::Released { reason: LeaveReason::Replaced, .. })));
}
