//! How players come back to the bodies of their characters over other connections.

use realmgate_engine::channel::Channel;
use realmgate_protocol::ids::{CharacterId, EntityId, LockEpoch};
use realmgate_protocol::link::{BodyPlace, FromMap, LeaveReason, ToMap};
use realmgate_protocol::movement::{Angle, Position};

use crate::stepper::{Client, Stepper};
use crate::test_game::Score;
use crate::wire::{Wire, over_both_wires};

over_both_wires!(
    who_lost_its_connection_comes_back_to_the_same_body,
    the_connection_before_ends_when_the_player_is_back,
    a_ticket_to_come_back_admits_once,
    of_two_tickets_to_come_back_the_newer_one_is_good,
    who_is_not_here_or_elsewhere_has_no_body_to_come_back_to,
    a_body_that_left_meanwhile_is_not_come_back_to_and_the_next_entry_works,
    a_body_that_is_wanted_out_is_not_come_back_to,
    who_is_wanted_out_as_it_comes_back_leaves_as_it_was,
    a_return_that_nobody_makes_changes_nothing,
);

const EPOCH: LockEpoch = LockEpoch(1);

fn start() -> Position {
    Position::tile_centre(5, 5)
}

/// A player who has walked, and has a score that is not stored.
fn playing(stepper: &mut Stepper) -> Client {
    let mut anna = stepper.join(start(), 1);
    stepper.steps(2, &mut [&mut anna]);
    anna.link.send_message(vec![b'+', 5]);
    anna.command(Some(Angle(0)));
    stepper.steps(3, &mut [&mut anna]);
    assert_eq!(anna.own().unwrap().place, Some(start().offset(100, 0)));
    anna
}

fn channel(stepper: &mut Stepper) -> &mut Channel {
    stepper.server.channels().next().unwrap()
}

fn ids(client: &Client) -> Vec<EntityId> {
    client.shown.keys().copied().collect()
}

/// Nobody has left the world, and no lock was let go.
fn assert_nobody_left(stepper: &mut Stepper) {
    for name in ["Released", "Dropped", "Expired"] {
        assert_eq!(stepper.said(name), None);
    }
    assert_eq!(channel(stepper).players(), 1);
}

fn who_lost_its_connection_comes_back_to_the_same_body(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    let mut anna = playing(&mut stepper);
    let body = ids(&anna);
    anna.link.disconnect();
    stepper.steps(3, &mut []);
    let ticket = stepper.announce_return(anna.character, EPOCH, None).unwrap();
    let Some(FromMap::BodyFound { body: Some(BodyPlace { position, .. }), .. }) = stepper.said("BodyFound") else {
        panic!("no body")
    };
    assert_eq!(*position, start().offset(100, 0));
    let mut back = stepper.connect(anna.character, &ticket);
    stepper.steps(4, &mut [&mut back]);
    assert_eq!(ids(&back), body, "the same entity, shown again");
    let own = back.own().unwrap();
    assert_eq!((own.place, own.score.clone()), (Some(start().offset(100, 0)), Some(Score(5))), "as it was left");
    assert!(own.secret.is_some(), "what only the owner sees");
    let entered = FromMap::Entered { character: anna.character, epoch: EPOCH };
    assert_eq!(stepper.said.iter().filter(|said| **said == entered).count(), 2);
    assert_nobody_left(&mut stepper);

    // Its first command has the number 1 again.
    back.command(Some(Angle(0)));
    back.link.send_message(b"hello".to_vec());
    stepper.steps(3, &mut [&mut back]);
    assert_eq!(back.own().unwrap().place, Some(start().offset(200, 0)));
    assert_eq!(back.messages, [b"hello".to_vec()]);
    assert_eq!(channel(&mut stepper).players(), 1);
    back.link.send_message(b"logout".to_vec());
    stepper.steps(4, &mut [&mut back]);
    assert_eq!(stepper.released(), [(anna.character, LeaveReason::Logout)]);
    assert!(back.disconnected);
}

fn the_connection_before_ends_when_the_player_is_back(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    let mut anna = playing(&mut stepper);
    let ticket = stepper.announce_return(anna.character, EPOCH, Some(1)).unwrap();
    stepper.steps(3, &mut [&mut anna]);
    assert!(!anna.disconnected, "a ticket alone disturbs nobody");
    let mut back = stepper.connect(anna.character, &ticket);
    anna.link.send_message(b"logout".to_vec());
    stepper.steps(1, &mut [&mut back]);
    stepper.steps(4, &mut [&mut anna, &mut back]);
    assert!(anna.disconnected && !back.disconnected);
    assert_eq!(ids(&back), ids(&anna));
    back.command(Some(Angle(0)));
    stepper.steps(3, &mut [&mut back]);
    assert_eq!(back.own().unwrap().place, Some(start().offset(200, 0)));
    assert_nobody_left(&mut stepper);
}

fn a_ticket_to_come_back_admits_once(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    let mut anna = playing(&mut stepper);
    anna.link.disconnect();
    stepper.steps(2, &mut []);
    let ticket = stepper.announce_return(anna.character, EPOCH, None).unwrap();
    let mut back = stepper.connect(anna.character, &ticket);
    stepper.steps(3, &mut [&mut back]);
    back.link.disconnect();
    stepper.steps(2, &mut []);
    let mut again = stepper.connect(anna.character, &ticket);
    stepper.steps(3, &mut [&mut again]);
    assert!(again.disconnected && again.shown.is_empty());
    assert_nobody_left(&mut stepper);
}

fn of_two_tickets_to_come_back_the_newer_one_is_good(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    let anna = playing(&mut stepper);
    let older = stepper.announce_return(anna.character, EPOCH, None).unwrap();
    let newer = stepper.announce_return(anna.character, EPOCH, None).unwrap();
    let mut late = stepper.connect(anna.character, &older);
    stepper.steps(3, &mut [&mut late]);
    assert!(late.disconnected && late.shown.is_empty());
    let mut back = stepper.connect(anna.character, &newer);
    stepper.steps(3, &mut [&mut back]);
    assert_eq!(ids(&back), ids(&anna));
}

fn who_is_not_here_or_elsewhere_has_no_body_to_come_back_to(wire: Wire) {
    let mut stepper = Stepper::new(wire, 2);
    let mut anna = playing(&mut stepper);
    assert_eq!(stepper.announce_return(CharacterId([9; 16]), EPOCH, None), None, "nobody");
    assert_eq!(stepper.announce_return(anna.character, LockEpoch(2), None), None, "another stay");
    assert_eq!(stepper.announce_return(anna.character, EPOCH, Some(2)), None, "another channel");
    let expected = CharacterId([8; 16]);
    stepper.announce(expected, EPOCH, start(), 1);
    stepper.step(&mut [&mut anna]);
    assert_eq!(stepper.announce_return(expected, EPOCH, None), None, "it has not come yet");
    anna.link.send_message(b"travel".to_vec());
    stepper.steps(2, &mut [&mut anna]);
    assert_eq!(stepper.announce_return(anna.character, EPOCH, None), None, "it is on its way elsewhere");
    stepper.tell(ToMap::Drain);
    stepper.step(&mut []);
    assert_eq!(stepper.announce_return(anna.character, EPOCH, None), None, "the server closes");
}

fn a_body_that_left_meanwhile_is_not_come_back_to_and_the_next_entry_works(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    let mut anna = playing(&mut stepper);
    let ticket = stepper.announce_return(anna.character, EPOCH, None).unwrap();
    anna.link.send_message(b"logout".to_vec());
    stepper.steps(3, &mut [&mut anna]);
    assert_eq!(stepper.released(), [(anna.character, LeaveReason::Logout)]);
    let mut back = stepper.connect(anna.character, &ticket);
    stepper.steps(3, &mut [&mut back]);
    assert!(back.disconnected && back.shown.is_empty());
    assert_eq!(channel(&mut stepper).players(), 0);
    let mut again = stepper.join_as(anna.character, LockEpoch(2), start(), 1);
    stepper.steps(3, &mut [&mut again]);
    assert_eq!(again.shown.len(), 1);
}

fn a_body_that_is_wanted_out_is_not_come_back_to(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    let mut anna = playing(&mut stepper);
    let ticket = stepper.announce_return(anna.character, EPOCH, None).unwrap();
    // It waits for its last event, and is here until that is settled.
    anna.link.send_message(b"$1".to_vec());
    stepper.steps(2, &mut [&mut anna]);
    stepper.tell(ToMap::Kick { character: anna.character, epoch: EPOCH, reason: LeaveReason::Kicked });
    stepper.step(&mut []);
    assert_eq!(channel(&mut stepper).players(), 1);
    let mut back = stepper.connect(anna.character, &ticket);
    stepper.steps(3, &mut [&mut back]);
    assert!(back.disconnected && back.shown.is_empty());
    assert_eq!(stepper.announce_return(anna.character, EPOCH, None), None);
    stepper.steps(70, &mut []);
    assert_eq!(stepper.released(), [(anna.character, LeaveReason::Kicked)]);
}

fn who_is_wanted_out_as_it_comes_back_leaves_as_it_was(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    let mut anna = playing(&mut stepper);
    let ticket = stepper.announce_return(anna.character, EPOCH, None).unwrap();
    stepper.tell(ToMap::Kick { character: anna.character, epoch: EPOCH, reason: LeaveReason::Logout });
    let mut back = stepper.connect(anna.character, &ticket);
    stepper.steps(4, &mut [&mut anna, &mut back]);
    assert_eq!(stepper.released(), [(anna.character, LeaveReason::Logout)]);
    assert!(anna.disconnected && back.disconnected);
    assert_eq!((anna.messages, back.messages), (vec![b"farewell".to_vec()], Vec::new()), "the kick was the later wish");
}

fn a_return_that_nobody_makes_changes_nothing(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    let mut anna = playing(&mut stepper);
    let ticket = stepper.announce_return(anna.character, EPOCH, None).unwrap();
    stepper.pass_ms(30_000);
    stepper.step(&mut [&mut anna]);
    let mut late = stepper.connect(anna.character, &ticket);
    stepper.steps(3, &mut [&mut anna, &mut late]);
    assert!(late.disconnected && !anna.disconnected);
    anna.command(Some(Angle(0)));
    stepper.steps(3, &mut [&mut anna]);
    assert_eq!(anna.own().unwrap().place, Some(start().offset(200, 0)));
    assert_nobody_left(&mut stepper);
}
