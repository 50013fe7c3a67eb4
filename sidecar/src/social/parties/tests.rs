//! Tests of parties without a store.

use super::*;

fn person(number: u8) -> Person {
    Person { id: CharacterId([number; 16]), name: format!("P{number}") }
}

/// The first party, with this many members.
fn party_of(count: u8) -> Parties {
    let mut parties = Parties::default();
    for guest in 2..=count {
        parties.invite(&person(1), &person(guest), 0).unwrap();
        parties.answer(&person(guest), 1, true).unwrap();
    }
    parties
}

/// An event for each of these.
fn to(listeners: &[u8], event: &SocialEvent) -> Vec<Delivery> {
    listeners.iter().map(|number| Delivery { to: person(*number).id, event: event.clone() }).collect()
}

/// The state of the first party, of whose members these are away.
fn state(members: &[u8], away: &[u8]) -> SocialEvent {
    let members = members.iter().map(|number| {
        let Person { id, name } = person(*number);
        PartyMember { character: id, name, online: !away.contains(number) }
    });
    SocialEvent::PartyState { party: 1, members: members.collect() }
}

fn members(parties: &Parties) -> Vec<CharacterId> {
    parties.members().into_iter().map(|member| member.id).collect()
}

fn ids(numbers: &[u8]) -> Vec<CharacterId> {
    numbers.iter().map(|number| person(*number).id).collect()
}

#[test]
fn all_members_hear_who_joined_the_leader_first() {
    let mut parties = Parties::default();
    // The leader has not the lowest id.
    parties.invite(&person(2), &person(1), 0).unwrap();
    parties.answer(&person(1), 1, true).unwrap();
    parties.invite(&person(1), &person(3), 0).unwrap();
    let heard = parties.answer(&person(3), 1, true);
    assert_eq!(heard, Ok(to(&[2, 1, 3], &state(&[2, 1, 3], &[]))));
}

#[test]
fn a_party_has_five_members() {
    let mut parties = party_of(5);
    let before = parties.all().clone();
    assert_eq!(parties.invite(&person(1), &person(6), 0), Err(Failure::PartyFull));
    assert_eq!(parties.all(), &before);
    let mut parties = party_of(4);
    parties.invite(&person(1), &person(5), 0).unwrap();
    parties.invite(&person(1), &person(6), 0).unwrap();
    let five = [1, 2, 3, 4, 5];
    assert_eq!(parties.answer(&person(5), 1, true), Ok(to(&five, &state(&five, &[]))));
    assert_eq!(parties.answer(&person(6), 1, true), Err(Failure::PartyFull), "the last place was taken meanwhile");
    assert_eq!(members(&parties), ids(&five));
    assert_eq!(parties.leave(person(6).id), Err(Failure::NotInParty));
}

#[test]
fn commands_that_make_no_sense_are_named() {
    let mut parties = party_of(2);
    parties.invite(&person(1), &person(3), 0).unwrap();
    parties.invite(&person(3), &person(4), 0).unwrap();
    let before = parties.all().clone();
    let (founder, stranger) = (person(3), person(9));
    for (party, accept) in [(1, true), (1, false), (9, true)] {
        assert_eq!(parties.answer(&stranger, party, accept), Err(Failure::NoInvitation));
    }
    assert_eq!(parties.answer(&founder, 1, true), Err(Failure::AlreadyInParty), "it has one of its own");
    assert_eq!(parties.invite(&stranger, &person(2), 0), Err(Failure::AlreadyInParty));
    assert_eq!(parties.invite(&stranger, &stranger, 0), Err(Failure::AlreadyInParty));
    assert_eq!(parties.leave(stranger.id), Err(Failure::NotInParty));
    assert_eq!(parties.chat(&stranger, "hi"), Err(Failure::NotInParty));
    assert_eq!((parties.all(), parties.last_id()), (&before, 2), "none of them changes anything");
}

#[test]
fn the_next_in_line_leads_and_the_last_one_is_alone() {
    let mut parties = Parties::default();
    // In line is who joined first, whatever its id.
    for guest in [3, 2] {
        parties.invite(&person(1), &person(guest), 0).unwrap();
        parties.answer(&person(guest), 1, true).unwrap();
    }
    let heard = parties.leave(person(1).id).unwrap();
    assert_eq!(heard, [to(&[1], &no_party(1)), to(&[3, 2], &state(&[3, 2], &[]))].concat());
    let heard = parties.leave(person(3).id);
    assert_eq!(heard, Ok(to(&[3, 2], &no_party(1))), "a party of one is dissolved");
    assert_eq!(parties.leave(person(2).id), Err(Failure::NotInParty));
    assert!(parties.all().is_empty());
}

#[test]
fn declining_the_only_invitation_dissolves_a_party_of_one() {
    let mut parties = Parties::default();
    parties.invite(&person(1), &person(2), 0).unwrap();
    parties.invite(&person(1), &person(3), 0).unwrap();
    assert_eq!(parties.answer(&person(2), 1, false), Ok(Vec::new()), "another one is open");
    assert_eq!(members(&parties), ids(&[1]));
    assert_eq!(parties.answer(&person(3), 1, false), Ok(to(&[1], &no_party(1))));
    assert!(parties.all().is_empty());
    assert_eq!(parties.leave(person(1).id), Err(Failure::NotInParty));

    let mut parties = party_of(2);
    parties.invite(&person(1), &person(3), 0).unwrap();
    assert_eq!(parties.answer(&person(3), 1, false), Ok(Vec::new()), "a party of two");
    assert_eq!(members(&parties), ids(&[1, 2]));
}

#[test]
fn who_was_asked_a_moment_ago_is_not_asked_again() {
    let mut parties = Parties::default();
    parties.invite(&person(1), &person(2), 1_000).unwrap();
    let again = parties.invite(&person(1), &person(2), 1_000 + INVITE_AGAIN_MS - 1);
    assert_eq!(again, Err(Failure::AlreadyAsked));
    assert_eq!(parties.invite(&person(1), &person(2), 1_000 + INVITE_AGAIN_MS).unwrap()[0].to, person(2).id);
    assert_eq!(parties.invite(&person(1), &person(2), 2_000 + INVITE_AGAIN_MS), Err(Failure::AlreadyAsked));
    parties.answer(&person(2), 1, true).unwrap();
    assert_eq!(parties.invite(&person(1), &person(2), 3_000), Err(Failure::AlreadyInParty));
}

#[test]
fn an_invitation_ends_with_its_party() {
    let mut parties = Parties::default();
    parties.invite(&person(1), &person(2), 0).unwrap();
    parties.leave(person(1).id).unwrap();
    assert_eq!(parties.answer(&person(2), 1, true), Err(Failure::NoInvitation), "nobody would be there");
    assert!(members(&parties).is_empty());
}

#[test]
fn who_is_away_keeps_its_place_for_a_while() {
    let (away, all) = (person(2).id, [1, 2, 3]);
    let mut parties = party_of(3);
    let heard = parties.away(away, 1_000);
    assert_eq!(heard, to(&[1, 3], &state(&all, &[2])), "only who is there hears it");
    assert_eq!(parties.forget_the_long_gone(1_000 + KEEP_AWAY_MS - 1), []);
    assert_eq!(parties.returned(away), to(&all, &state(&all, &[])));
    assert_eq!(parties.forget_the_long_gone(1_000 + KEEP_AWAY_MS), [], "it has come back");
    parties.away(away, 5_000);
    let heard = parties.forget_the_long_gone(5_000 + KEEP_AWAY_MS);
    assert_eq!(heard, [to(&[2], &no_party(1)), to(&[1, 3], &state(&[1, 3], &[]))].concat());
}
