//! One server on two transports at once: its players are in one world, and nobody is taken for anybody else.

use std::sync::atomic::Ordering;

use realmgate_protocol::ids::{CharacterId, LockEpoch};
use realmgate_protocol::link::{LeaveReason, ToMap};
use realmgate_protocol::movement::Position;

use crate::stepper::{Client, Stepper};
use crate::wire::Wire;

/// Makes two tests of each function that takes a server: one on two in-memory transports, and one with a real socket.
macro_rules! on_two_transports {
    ($($test:ident),* $(,)?) => {
        mod both_in_memory {
            $(#[test] fn $test() { super::$test(super::Stepper::over(&[super::Wire::Memory; 2], 1)); })*
        }
        mod memory_and_udp {
            $(#[test] fn $test() { super::$test(super::Stepper::over(&[super::Wire::Memory, super::Wire::Udp], 1)); })*
        }
    };
}

on_two_transports!(
    players_of_both_see_each_other_and_are_heard,
    a_kick_ends_one_and_leaves_the_other,
    a_lost_connection_is_that_of_its_own_player,
    a_drain_releases_the_players_of_both,
    one_ticket_over_both_admits_once_and_the_second_is_ended,
);

/// One player over each transport.
fn anna_and_bert(stepper: &mut Stepper) -> (Client, Client) {
    let anna = stepper.join_over(0, Position::tile_centre(5, 5));
    let bert = stepper.join_over(1, Position::tile_centre(6, 5));
    (anna, bert)
}

fn players_of_both_see_each_other_and_are_heard(mut stepper: Stepper) {
    let (mut anna, mut bert) = anna_and_bert(&mut stepper);
    stepper.steps(3, &mut [&mut anna, &mut bert]);
    assert_eq!((anna.shown.len(), bert.shown.len()), (2, 2));
    anna.link.send_message(b"from anna".to_vec());
    bert.link.send_message(b"from bert".to_vec());
    stepper.steps(2, &mut [&mut anna, &mut bert]);
    assert_eq!((anna.messages, bert.messages), (vec![b"from anna".to_vec()], vec![b"from bert".to_vec()]));
    let status = stepper.server.status();
    assert_eq!(status.connected.load(Ordering::Relaxed), 2);
    assert!(status.snapshots.load(Ordering::Relaxed) >= 8, "those of both count");
}

fn a_kick_ends_one_and_leaves_the_other(mut stepper: Stepper) {
    let (mut anna, mut bert) = anna_and_bert(&mut stepper);
    stepper.steps(2, &mut [&mut anna, &mut bert]);
    stepper.tell(ToMap::Kick { character: bert.character, epoch: LockEpoch(1), reason: LeaveReason::Replaced });
    stepper.steps(3, &mut [&mut anna, &mut bert]);
    assert!(bert.disconnected && !anna.disconnected);
    assert_eq!(bert.messages, [b"farewell".to_vec()]);
    assert_eq!(anna.shown.len(), 1);
    stepper.tell(ToMap::Kick { character: anna.character, epoch: LockEpoch(1), reason: LeaveReason::Replaced });
    stepper.steps(3, &mut [&mut anna]);
    assert!(anna.disconnected);
}

fn a_lost_connection_is_that_of_its_own_player(mut stepper: Stepper) {
    let (mut anna, mut bert) = anna_and_bert(&mut stepper);
    stepper.steps(2, &mut [&mut anna, &mut bert]);
    bert.link.disconnect();
    stepper.steps(2, &mut [&mut anna]);
    assert_eq!(stepper.server.status().connected.load(Ordering::Relaxed), 1);
    let before = anna.head.tick;
    stepper.steps(2, &mut [&mut anna]);
    assert_eq!(anna.head.tick, before.after(2), "a snapshot in every tick");
    assert_eq!(anna.shown.len(), 2, "the body of the other is up to the game");
    anna.link.send_message(b"still here".to_vec());
    stepper.steps(2, &mut [&mut anna]);
    assert_eq!(anna.messages, [b"still here".to_vec()]);
}

fn a_drain_releases_the_players_of_both(mut stepper: Stepper) {
    let (mut anna, mut bert) = anna_and_bert(&mut stepper);
    stepper.steps(2, &mut [&mut anna, &mut bert]);
    stepper.tell(ToMap::Drain);
    stepper.steps(3, &mut [&mut anna, &mut bert]);
    assert!(anna.disconnected && bert.disconnected && stepper.server.is_drained());
    let both = [&anna, &bert].map(|client| (client.character, LeaveReason::ServerClosing));
    assert_eq!(stepper.released(), both, "both are saved");
}

fn one_ticket_over_both_admits_once_and_the_second_is_ended(mut stepper: Stepper) {
    for (character, first, second) in [(1, 0, 1), (2, 1, 0)] {
        let character = CharacterId([character; 16]);
        let ticket = stepper.announce(character, LockEpoch(1), Position::tile_centre(5, 5), 1);
        stepper.step(&mut []);
        let mut player = stepper.connect_over(first, character, &ticket);
        stepper.steps(2, &mut [&mut player]);
        let mut copy = stepper.connect_over(second, character, &ticket);
        stepper.steps(3, &mut [&mut player, &mut copy]);
        assert!(copy.disconnected && copy.shown.is_empty(), "the ticket is used up");
        assert!(!player.disconnected, "the end of the other is not its own");
        player.link.send_message(b"still here".to_vec());
        stepper.steps(2, &mut [&mut player]);
        assert_eq!(player.messages, [b"still here".to_vec()]);
    }
}
