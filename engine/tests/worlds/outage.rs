//! The map link goes down and comes back: what waits, which players are released, and what the sidecar is told.

use realmgate_engine::host::LinkNews;
use realmgate_engine::persist::{MAX_PENDING_AWAY, NotSubmitted, PersistPort};
use realmgate_protocol::ids::{BatchId, CharacterId, EventKey, LockEpoch};
use realmgate_protocol::link::{EventOutcome, EventRefusal, Fence, FromMap, LeaveReason, OwnedEvent, ToMap};
use realmgate_protocol::movement::{Angle, Position};

use crate::stepper::{Client, OFFLINE_PLAY_MAX_S, Stepper};
use crate::wire::{Wire, over_both_wires};

over_both_wires!(
    what_is_owned_waits_while_the_link_is_down_and_is_done_in_order_when_it_is_back,
    no_more_waits_than_may,
    whom_the_sidecar_fences_is_dropped_and_nobody_else,
    all_that_is_held_is_named_when_the_link_is_back,
    everybody_is_let_go_when_the_link_stays_away_and_nobody_new_comes,
    a_world_that_has_moved_on_drops_everybody_unsaved_and_starts_anew,
    who_would_travel_while_the_link_is_down_stays,
    who_travels_when_the_link_goes_down_is_not_given_up,
);

fn start() -> Position {
    Position::tile_centre(5, 5)
}

fn fence(client: &Client, epoch: u64) -> Fence {
    Fence { character: client.character, epoch: LockEpoch(epoch) }
}

/// The batches that were sent to the sidecar, each with the first bytes of its events' keys.
fn batches(stepper: &Stepper) -> Vec<(BatchId, Vec<u8>)> {
    let batch = |said: &FromMap| match said {
        FromMap::Events { batch, events } => Some((*batch, events.iter().map(|event| event.key.0[0]).collect())),
        _ => None,
    };
    stepper.said.iter().filter_map(batch).collect()
}

fn reclaimed(stepper: &Stepper) -> &[Fence] {
    let Some(FromMap::Reclaim { locks, last: true }) = stepper.said("Reclaim") else { panic!("nothing is named") };
    locks
}

fn what_is_owned_waits_while_the_link_is_down_and_is_done_in_order_when_it_is_back(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    let mut anna = stepper.join(start(), 1);
    stepper.steps(2, &mut [&mut anna]);
    stepper.news(LinkNews::Lost);
    for key in [1, 2] {
        anna.link.send_message(vec![b'$', key]);
        stepper.steps(2, &mut [&mut anna]);
    }
    let said = batches(&stepper);
    assert_eq!(said.iter().map(|(_, keys)| keys.clone()).collect::<Vec<_>>(), [[1], [2]], "in order");
    assert!(anna.messages.is_empty(), "nothing is done yet");
    let port = |stepper: &mut Stepper| {
        let world = stepper.server.channels().next().unwrap().world().resource::<PersistPort>();
        (world.is_away(), world.pending_of(CharacterId([1; 16])))
    };
    assert_eq!(port(&mut stepper), (true, 2));

    stepper.news(LinkNews::Up { resumed: true });
    for (batch, keys) in said {
        let outcomes = keys.iter().map(|key| EventOutcome { key: EventKey([*key; 16]), refusal: None }).collect();
        stepper.tell(ToMap::Committed { batch, outcomes });
    }
    stepper.steps(3, &mut [&mut anna]);
    assert_eq!(anna.messages, [vec![b'=', 1], vec![b'=', 2]]);
    assert_eq!(port(&mut stepper), (false, 0));
}

/// An event of a character that has no other.
fn event(number: u128) -> OwnedEvent {
    let bytes = number.to_be_bytes();
    let fence = Fence { character: CharacterId(bytes), epoch: LockEpoch(1) };
    OwnedEvent { key: EventKey(bytes), reason: "own".to_owned(), fences: vec![fence], changes: Vec::new() }
}

fn no_more_waits_than_may(wire: Wire) {
    let mut stepper = Stepper::new(wire, 4);
    let mut anna = stepper.join(start(), 1);
    let mut bert = stepper.join(start(), 1);
    stepper.steps(2, &mut [&mut anna, &mut bert]);
    stepper.news(LinkNews::Lost);
    for key in 0..=MAX_PENDING_AWAY as u8 {
        anna.link.send_message(vec![b'$', key]);
        stepper.step(&mut [&mut anna, &mut bert]);
    }
    stepper.steps(3, &mut [&mut anna, &mut bert]);
    assert_eq!(anna.messages, [vec![b'-', MAX_PENDING_AWAY as u8]], "one too many");
    bert.link.send_message(vec![b'$', 200]);
    stepper.steps(3, &mut [&mut anna, &mut bert]);
    assert!(bert.messages.is_empty(), "another has room of its own");
    let waiting: Vec<u8> = batches(&stepper).into_iter().flat_map(|(_, keys)| keys).collect();
    assert_eq!(waiting, (0..MAX_PENDING_AWAY as u8).chain([200]).collect::<Vec<_>>(), "what is refused is not done");
    // All together have a bound, too.
    let world = stepper.server.channels().next().unwrap().world_mut();
    let mut port = world.resource_mut::<PersistPort>();
    let refused = (1_000..9_000).find_map(|number| port.submit(event(number)).err());
    assert_eq!((refused, port.pending()), (Some(NotSubmitted::Away), 2_500), "a quarter of 10,000 for each channel");
}

fn whom_the_sidecar_fences_is_dropped_and_nobody_else(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    let mut anna = stepper.join(start(), 1);
    let mut bert = stepper.join(start(), 1);
    stepper.steps(2, &mut [&mut anna, &mut bert]);
    stepper.news(LinkNews::Lost);
    anna.link.send_message(vec![b'$', 1]);
    bert.link.send_message(vec![b'$', 2]);
    stepper.steps(3, &mut [&mut anna, &mut bert]);
    stepper.news(LinkNews::Up { resumed: true });
    stepper.step(&mut [&mut anna, &mut bert]);
    stepper.tell(ToMap::Fenced { character: anna.character, epoch: LockEpoch(1) });
    for (batch, keys) in batches(&stepper) {
        let refusal = |key| (key == 1).then_some(EventRefusal::Fenced);
        let outcome = |key: &u8| EventOutcome { key: EventKey([*key; 16]), refusal: refusal(*key) };
        stepper.tell(ToMap::Committed { batch, outcomes: keys.iter().map(outcome).collect() });
    }
    stepper.steps(3, &mut [&mut anna, &mut bert]);
    assert!(anna.disconnected && !bert.disconnected);
    assert_eq!(anna.messages.last(), Some(&b"farewell".to_vec()), "it is told");
    assert!(bert.messages.contains(&vec![b'=', 2]));
    assert_eq!(stepper.said("Released"), None, "nothing more is written");
}

fn all_that_is_held_is_named_when_the_link_is_back(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    let mut anna = stepper.join(start(), 1);
    let mut bert = stepper.join(start(), 1);
    let mut carl = stepper.join(start(), 1);
    stepper.steps(2, &mut [&mut anna, &mut bert, &mut carl]);
    stepper.settles = false;
    carl.link.send_message(b"logout".to_vec());
    bert.link.send_message(b"travel".to_vec());
    stepper.steps(2, &mut [&mut anna, &mut bert, &mut carl]);
    let expected = CharacterId([9; 16]);
    stepper.announce(expected, LockEpoch(7), start(), 1);
    stepper.step(&mut [&mut anna, &mut bert, &mut carl]);

    stepper.news(LinkNews::Lost);
    stepper.step(&mut [&mut anna, &mut bert, &mut carl]);
    stepper.said.clear();
    stepper.news(LinkNews::Up { resumed: true });
    stepper.step(&mut [&mut anna, &mut bert, &mut carl]);
    let mut held = [fence(&anna, 1), fence(&bert, 1), fence(&carl, 1)].to_vec();
    held.push(Fence { character: expected, epoch: LockEpoch(7) });
    held.sort_by_key(|fence| fence.character);
    assert_eq!(reclaimed(&stepper), held);
    assert_eq!(stepper.said[0].name(), "Reclaim", "before anything else");
    let entered: Vec<&FromMap> = stepper.said.iter().filter(|said| said.name() == "Entered").collect();
    let playing = [&anna, &bert].map(|client| FromMap::Entered { character: client.character, epoch: LockEpoch(1) });
    assert_eq!(entered, [&playing[0], &playing[1]], "who plays and who travels is in the world");
}

fn everybody_is_let_go_when_the_link_stays_away_and_nobody_new_comes(wire: Wire) {
    let mut stepper = Stepper::new(wire, 2);
    let mut anna = stepper.join(start(), 1);
    let mut carl = stepper.join(start(), 2);
    stepper.steps(2, &mut [&mut anna, &mut carl]);
    stepper.settles = false;
    stepper.news(LinkNews::Lost);
    let expected = CharacterId([9; 16]);
    let ticket = stepper.announce(expected, LockEpoch(7), start(), 1);
    stepper.steps(OFFLINE_PLAY_MAX_S as usize * 30 - 1, &mut [&mut anna, &mut carl]);
    assert_eq!(stepper.released(), [], "play goes on until then");
    stepper.steps(2, &mut [&mut anna, &mut carl]);
    let everybody = [&anna, &carl].map(|client| (client.character, LeaveReason::StoreAway));
    assert_eq!(stepper.released(), everybody);
    assert_eq!(stepper.said("Expired"), Some(&FromMap::Expired { character: expected, epoch: LockEpoch(7) }));
    let mut late = stepper.connect(expected, &ticket);
    stepper.steps(6 * 30, &mut [&mut anna, &mut carl, &mut late]);
    for told in [&anna, &carl] {
        assert_eq!(told.messages, [b"farewell".to_vec()], "it is told");
        assert!(told.disconnected);
    }
    assert!(late.disconnected && late.shown.is_empty());

    stepper.news(LinkNews::Up { resumed: true });
    let mut bert = stepper.join(start(), 1);
    stepper.steps(2, &mut [&mut bert]);
    assert!(!bert.disconnected, "whoever comes when the link is back is let in");
}

fn a_world_that_has_moved_on_drops_everybody_unsaved_and_starts_anew(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    stepper.news(LinkNews::Up { resumed: false });
    let mut anna = stepper.join(start(), 1);
    let mut bert = stepper.join(start(), 1);
    stepper.steps(2, &mut [&mut anna, &mut bert]);
    anna.link.send_message(b"spawn".to_vec());
    stepper.steps(2, &mut [&mut anna, &mut bert]);
    assert_eq!(anna.shown.len(), 3);
    stepper.news(LinkNews::Lost);
    anna.link.send_message(vec![b'$', 1]);
    stepper.steps(2, &mut [&mut anna, &mut bert]);
    let batch = batches(&stepper)[0].0;
    stepper.said.clear();
    stepper.news(LinkNews::Disowned);
    stepper.news(LinkNews::Up { resumed: false });
    stepper.steps(3, &mut [&mut anna, &mut bert]);
    for told in [&anna, &bert] {
        assert_eq!(told.messages, [b"farewell".to_vec()], "it is told");
        assert!(told.disconnected);
    }
    assert_eq!(reclaimed(&stepper), []);
    assert_eq!(stepper.said("Released"), None, "what was not confirmed is discarded");

    let mut again = stepper.join_as(anna.character, LockEpoch(3), start(), 1);
    let late = vec![EventOutcome { key: EventKey([1; 16]), refusal: None }];
    stepper.tell(ToMap::Committed { batch, outcomes: late });
    stepper.steps(3, &mut [&mut again]);
    assert_eq!(again.shown.len(), 1, "nothing of the old world is left");
    assert!(again.messages.is_empty(), "the new world hears nothing of what the old one asked for");
}

fn who_would_travel_while_the_link_is_down_stays(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    let mut anna = stepper.join(start(), 1);
    stepper.steps(2, &mut [&mut anna]);
    stepper.news(LinkNews::Lost);
    anna.link.send_message(b"travel".to_vec());
    stepper.steps(3, &mut [&mut anna]);
    assert_eq!(stepper.said("Travel"), None);
    anna.command(Some(Angle(0)));
    stepper.steps(3, &mut [&mut anna]);
    let place = anna.own().and_then(|own| own.place);
    assert_eq!(place, Some(start().offset(100, 0)), "it is not frozen");
    anna.link.send_message(b"logout".to_vec());
    stepper.steps(3, &mut [&mut anna]);
    assert_eq!(stepper.released(), [(anna.character, LeaveReason::Logout)]);
    assert_eq!(stepper.said("Travel"), None, "nothing was asked later either");
}

fn who_travels_when_the_link_goes_down_is_not_given_up(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    let mut anna = stepper.join(start(), 1);
    stepper.steps(2, &mut [&mut anna]);
    anna.link.send_message(b"travel".to_vec());
    stepper.steps(15 * 30, &mut [&mut anna]);
    stepper.news(LinkNews::Lost);
    stepper.steps((OFFLINE_PLAY_MAX_S - 1) as usize * 30, &mut [&mut anna]);
    stepper.news(LinkNews::Up { resumed: true });
    stepper.steps(15 * 30, &mut [&mut anna]);
    assert!(!anna.disconnected, "it has the whole time for an answer once more");
    assert_eq!(reclaimed(&stepper), [fence(&anna, 1)]);
    stepper.steps(6 * 30, &mut [&mut anna]);
    assert!(anna.disconnected);
}
