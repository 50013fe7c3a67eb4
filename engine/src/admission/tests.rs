//! Each refusal by itself, and the two guarantees of the lock state machine under random orders of events.

use std::collections::BTreeSet;

use super::*;
use proptest::prelude::*;

/// The session of the ticket with the id 7.
fn session() -> SessionId {
    SessionId::from(7)
}

fn keys() -> KeyRing {
    "a secret of at least thirty-two bytes!".parse().unwrap()
}

fn server() -> ServerId {
    "map-server-1".parse().unwrap()
}

fn admission(capacity: usize) -> Admission {
    Admission::new(Hosting { maps: vec![MapId(1)], channels: 2, capacity })
}

fn expected(character: u8, ticket: u64, epoch: u64) -> Expected {
    Expected {
        ticket: TicketId(ticket),
        deadline_ms: 30_000,
        map: MapId(1),
        channel: ChannelId(1),
        epoch: LockEpoch(epoch),
        load: CharacterLoad::fresh(
            CharacterId([character; 16]),
            AccountId([100 + character; 16]),
            &format!("c{character}"),
            "warrior",
        ),
        trace: String::new(),
    }
}

fn ticket_of(expected: &Expected) -> Ticket {
    Ticket {
        ticket_id: expected.ticket,
        account: expected.load.account,
        character: expected.load.character,
        epoch: expected.epoch,
        map: expected.map,
        channel: expected.channel,
        server: server(),
        issued_ms: 0,
        expires_ms: 30_000,
    }
}

/// The player of a character comes back with a ticket.
fn back(character: u8, ticket: u64, epoch: u64) -> ExpectedReturn {
    let Expected { ticket, deadline_ms, map, channel, epoch, load, trace } = expected(character, ticket, epoch);
    let CharacterLoad { character, account, .. } = load;
    ExpectedReturn { ticket, deadline_ms, map, channel, epoch, character, account, trace }
}

/// Tries to enter with a ticket, over the connection that it names.
fn enter(admission: &mut Admission, ticket: &Ticket, now_ms: u64) -> Result<Admitted, TicketRefusal> {
    let mut padded = ticket.seal(&keys());
    padded.resize(256, 0);
    admission.admit(SessionId::from(ticket.ticket_id.0), &padded, now_ms, &keys(), &server())
}

#[test]
fn an_announced_ticket_admits_once() {
    let mut admission = admission(10);
    let announced = expected(1, 7, 3);
    admission.expect(announced.clone()).unwrap();
    let admitted = enter(&mut admission, &ticket_of(&announced), 29_999).unwrap();
    assert_eq!(
        (admitted.session, admitted.epoch, admitted.load.as_ref()),
        (session(), LockEpoch(3), Some(&announced.load))
    );
    assert_eq!(enter(&mut admission, &ticket_of(&announced), 29_999), Err(TicketRefusal::Reused));
    admission.left(announced.load.character);
    assert_eq!(enter(&mut admission, &ticket_of(&announced), 29_999), Err(TicketRefusal::Reused));
    assert_eq!(admission.expect(announced), Err(PrepareRefusal::StillHere), "its ticket is spent");
}

#[test]
fn a_ticket_must_say_what_was_announced() {
    let mut admission = admission(10);
    let announced = expected(1, 7, 3);
    admission.expect(announced.clone()).unwrap();
    let good = ticket_of(&announced);
    let others = [
        Ticket { account: AccountId([9; 16]), ..good.clone() },
        Ticket { character: CharacterId([9; 16]), ..good.clone() },
        Ticket { epoch: LockEpoch(2), ..good.clone() },
        Ticket { epoch: LockEpoch(4), ..good.clone() },
        Ticket { map: MapId(2), ..good.clone() },
        Ticket { channel: ChannelId(2), ..good.clone() },
    ];
    for other in others {
        assert_eq!(enter(&mut admission, &other, 0), Err(TicketRefusal::IdentityMismatch), "{other:?}");
    }
    let unknown = Ticket { ticket_id: TicketId(8), ..good.clone() };
    assert_eq!(enter(&mut admission, &unknown, 0), Err(TicketRefusal::NotExpected));
    let foreign = Ticket { server: "map-server-2".parse().unwrap(), ..good.clone() };
    assert_eq!(enter(&mut admission, &foreign, 0), Err(TicketRefusal::WrongServer));
    assert!(enter(&mut admission, &good, 0).is_ok(), "no refusal spends the ticket");
}

#[test]
fn the_ticket_of_another_connection_does_not_admit() {
    let mut admission = admission(10);
    let announced = expected(1, 7, 3);
    admission.expect(announced.clone()).unwrap();
    let sealed = ticket_of(&announced).seal(&keys());
    let swapped = admission.admit(SessionId::from(8), &sealed, 0, &keys(), &server());
    assert_eq!(swapped, Err(TicketRefusal::ForeignSession));

    let mut forged = sealed.clone();
    forged[10] ^= 1;
    assert_eq!(admission.admit(session(), &forged, 0, &keys(), &server()), Err(TicketRefusal::Forged));
    assert_eq!(admission.admit(session(), &[0; 256], 0, &keys(), &server()), Err(TicketRefusal::Malformed));
    let rotated: KeyRing = "new:bmV3IHNlY3JldCBuZXcgc2VjcmV0IG5ldyBzZWNyZXQ=".parse().unwrap();
    assert_eq!(admission.admit(session(), &sealed, 0, &rotated, &server()), Err(TicketRefusal::UnknownKey));
}

#[test]
fn the_deadline_decides_and_names_who_never_came() {
    let mut admission = admission(10);
    let announced = expected(1, 7, 3);
    let later = Expected { deadline_ms: 30_001, ..expected(2, 8, 4) };
    admission.expect(announced.clone()).unwrap();
    admission.expect(later.clone()).unwrap();
    assert_eq!(enter(&mut admission, &ticket_of(&announced), 30_000), Err(TicketRefusal::Expired));
    assert_eq!(admission.expire(29_999), vec![]);
    assert_eq!(admission.expire(30_000), vec![(announced.load.character, LockEpoch(3))]);
    assert_eq!(enter(&mut admission, &ticket_of(&announced), 0), Err(TicketRefusal::Expired));
    assert_eq!(admission.count(), 1);
    assert!(enter(&mut admission, &ticket_of(&later), 30_000).is_ok(), "its own deadline has not come");
    assert_eq!(admission.expire(u64::MAX), vec![], "who came is not named");
}

#[test]
fn announcements_are_refused_with_the_reason() {
    let mut admission = admission(2);
    admission.expect(expected(1, 1, 5)).unwrap();
    admission.expect(expected(2, 2, 1)).unwrap();
    assert_eq!(admission.expect(expected(3, 3, 1)), Err(PrepareRefusal::Full));
    assert_eq!(admission.expect(expected(1, 4, 4)), Err(PrepareRefusal::StillHere), "an older epoch");
    assert_eq!(admission.expect(expected(1, 2, 6)), Err(PrepareRefusal::StillHere), "another's ticket");
    admission.expect(expected(1, 4, 5)).expect("the same epoch under another ticket");
    assert_eq!(admission.expect(expected(1, 1, 6)), Err(PrepareRefusal::StillHere), "a spent ticket");
    let elsewhere = Expected { map: MapId(9), ..expected(1, 5, 6) };
    assert_eq!(admission.expect(elsewhere), Err(PrepareRefusal::NotHosted));
    for channel in [0, 3] {
        let elsewhere = Expected { channel: ChannelId(channel), ..expected(1, 5, 6) };
        assert_eq!(admission.expect(elsewhere), Err(PrepareRefusal::NotHosted));
    }
    let known: Vec<_> = admission.expected().map(|(character, epoch)| (character.0[0], epoch.0)).collect();
    assert_eq!(known, [(1, 5), (2, 1)], "what is refused is not announced");
    let newer = expected(1, 5, 6);
    admission.expect(newer.clone()).unwrap();
    assert_eq!(enter(&mut admission, &ticket_of(&expected(1, 1, 5)), 0), Err(TicketRefusal::NotExpected), "replaced");
    assert!(enter(&mut admission, &ticket_of(&newer), 0).is_ok());
    assert_eq!(admission.expect(expected(1, 6, 7)), Err(PrepareRefusal::StillHere));
    assert_eq!(admission.expect(expected(3, 3, 1)), Err(PrepareRefusal::Full), "the present count, too");

    assert!(!admission.cancel(CharacterId([2; 16]), LockEpoch(9)), "another epoch");
    assert!(admission.cancel(CharacterId([2; 16]), LockEpoch(1)));
    assert_eq!(enter(&mut admission, &ticket_of(&expected(2, 2, 1)), 0), Err(TicketRefusal::NotExpected));
    admission.set_full(true);
    assert_eq!(admission.expect(expected(3, 3, 1)), Err(PrepareRefusal::Full), "whatever room there is");
    admission.set_full(false);
    admission.expect(expected(3, 3, 1)).unwrap();
    admission.drain();
    assert_eq!(admission.expect(expected(4, 8, 1)), Err(PrepareRefusal::Draining));
}

#[test]
fn who_is_here_comes_back_by_a_ticket_that_says_what_was_announced() {
    let mut admission = admission(1);
    assert!(!admission.expect_return(back(1, 8, 3)), "it is not here");
    admission.expect(expected(1, 7, 3)).unwrap();
    assert!(!admission.expect_return(back(1, 8, 3)), "nor has it come yet");
    enter(&mut admission, &ticket_of(&expected(1, 7, 3)), 0).unwrap();
    assert!(!admission.expect_return(back(1, 8, 4)), "under another epoch");
    assert!(!admission.expect_return(back(1, 7, 3)), "a spent ticket");
    assert!(admission.expect_return(back(1, 8, 3)), "whatever room there is");
    assert!(!admission.expect_return(back(1, 8, 3)), "a ticket that is announced");
    assert_eq!(admission.count(), 1, "one that comes back takes no place");

    let good = ticket_of(&expected(1, 8, 3));
    let other = Ticket { account: AccountId([9; 16]), ..good.clone() };
    assert_eq!(enter(&mut admission, &other, 0), Err(TicketRefusal::IdentityMismatch));
    let admitted = enter(&mut admission, &good, 29_999).unwrap();
    assert_eq!((admitted.epoch, admitted.load), (LockEpoch(3), None));
    assert_eq!(enter(&mut admission, &good, 29_999), Err(TicketRefusal::Reused));
    assert_eq!(admission.present(CharacterId([1; 16])), Some(LockEpoch(3)));

    assert!(admission.expect_return(back(1, 9, 3)));
    assert_eq!(enter(&mut admission, &ticket_of(&expected(1, 9, 3)), 30_000), Err(TicketRefusal::Expired));
    assert_eq!(admission.expire(30_000), vec![], "its lock is not let go");
    assert!(admission.expect_return(back(1, 10, 3)));
    admission.left(CharacterId([1; 16]));
    assert_eq!(enter(&mut admission, &ticket_of(&expected(1, 10, 3)), 0), Err(TicketRefusal::NotExpected));
}

/// An action of the sidecar, a player, the clock or a world.
#[derive(Debug, Clone)]
enum Step {
    Expect { character: u8, ticket: u64, epoch: u64, deadline_ms: u64 },
    ExpectReturn { character: u8, ticket: u64, epoch: u64, deadline_ms: u64 },
    Enter { character: u8, ticket: u64, epoch: u64 },
    Cancel { character: u8, epoch: u64 },
    Leave { character: u8 },
    Wait { ms: u64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (character, ticket, epoch) = (0u8..3, 0u64..6, 0u64..4);
    let step = prop_oneof![
        3 => (character.clone(), ticket.clone(), epoch.clone(), 0u64..60)
            .prop_map(|(character, ticket, epoch, deadline_ms)| Step::Expect { character, ticket, epoch, deadline_ms }),
        2 => (character.clone(), ticket.clone(), epoch.clone(), 0u64..60).prop_map(
            |(character, ticket, epoch, deadline_ms)| Step::ExpectReturn { character, ticket, epoch, deadline_ms }
        ),
        4 => (character.clone(), ticket, epoch.clone())
            .prop_map(|(character, ticket, epoch)| Step::Enter { character, ticket, epoch }),
        1 => (character.clone(), epoch).prop_map(|(character, epoch)| Step::Cancel { character, epoch }),
        1 => character.prop_map(|character| Step::Leave { character }),
        1 => (1u64..20).prop_map(|ms| Step::Wait { ms }),
    ];
    prop::collection::vec(step, 1..120)
}

proptest! {
    #[test]
    fn a_character_is_here_once_and_a_ticket_admits_once(steps in steps()) {
        let mut admission = admission(2);
        let (mut here, mut used, mut now_ms) = (BTreeMap::<u8, u64>::new(), BTreeSet::new(), 0);
        let mut open: BTreeMap<u8, (u64, u64, u64)> = BTreeMap::new();
        let mut coming_back: BTreeMap<u8, (u64, u64, u64)> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Expect { character, ticket, epoch, deadline_ms } => {
                    let deadline_ms = now_ms + deadline_ms;
                    let announced = Expected { deadline_ms, ..expected(character, ticket, epoch) };
                    if admission.expect(announced).is_ok() {
                        prop_assert!(!here.contains_key(&character), "announced while it is here");
                        prop_assert!(!used.contains(&ticket), "a used ticket was announced again");
                        open.insert(character, (ticket, epoch, deadline_ms));
                    }
                }
                Step::ExpectReturn { character, ticket, epoch, deadline_ms } => {
                    let deadline_ms = now_ms + deadline_ms;
                    if admission.expect_return(ExpectedReturn { deadline_ms, ..back(character, ticket, epoch) }) {
                        prop_assert_eq!(here.get(&character), Some(&epoch), "it is not here");
                        prop_assert!(!used.contains(&ticket), "a used ticket was announced again");
                        coming_back.insert(character, (ticket, epoch, deadline_ms));
                    }
                }
                Step::Enter { character, ticket, epoch } => {
                    let admitted = enter(&mut admission, &ticket_of(&expected(character, ticket, epoch)), now_ms);
                    let is_due = |known: Option<&(u64, u64, u64)>| known.is_some_and(|(known, known_epoch, deadline_ms)| {
                        (*known, *known_epoch) == (ticket, epoch) && now_ms < *deadline_ms
                    });
                    let (comes, returns) = (is_due(open.get(&character)), is_due(coming_back.get(&character)));
                    prop_assert_eq!(admitted.is_ok(), comes || returns, "{:?}", admitted);
                    if let Ok(admitted) = admitted {
                        prop_assert!(used.insert(ticket), "one ticket admitted twice");
                        prop_assert_eq!(admitted.load.is_none(), returns);
                        prop_assert_eq!(here.insert(character, epoch), returns.then_some(epoch), "one body");
                        if returns { coming_back.remove(&character); } else { open.remove(&character); }
                    }
                }
                Step::Cancel { character, epoch } => {
                    let known = open.get(&character).is_some_and(|(_, known_epoch, _)| *known_epoch == epoch);
                    prop_assert_eq!(admission.cancel(CharacterId([character; 16]), LockEpoch(epoch)), known);
                    if known {
                        open.remove(&character);
                    }
                }
                Step::Leave { character } => {
                    admission.left(CharacterId([character; 16]));
                    here.remove(&character);
                    coming_back.remove(&character);
                }
                Step::Wait { ms } => {
                    now_ms += ms;
                    let late = admission.expire(now_ms).into_iter();
                    let late: Vec<_> = late.map(|(id, epoch)| (id.0[0], epoch.0)).collect();
                    let due = open.iter().filter(|(_, (_, _, deadline_ms))| *deadline_ms <= now_ms);
                    let due: Vec<_> = due.map(|(character, (_, epoch, _))| (*character, *epoch)).collect();
                    prop_assert_eq!(&late, &due);
                    late.iter().for_each(|(character, _)| { open.remove(character); });
                    coming_back.retain(|_, (_, _, deadline_ms)| *deadline_ms > now_ms);
                }
            }
            prop_assert_eq!(admission.count(), here.len() + open.len());
            prop_assert!(admission.count() <= 2, "over capacity");
        }
    }
}
