//! Tests of whispers and parties across map servers.

use realmgate_protocol::ids::CharacterId;
use realmgate_protocol::limits::OLDEST_LINK_VERSION;
use realmgate_protocol::link::{FromMap, LeaveReason, SocialCommand, SocialEvent, ToMap};

use crate::lock::{CharacterLock, CharacterOwner};
use crate::service::world::testing::{FakeMap, Player, TestWorld, save, soft_at};

pub(super) async fn command(map: &mut FakeMap, character: CharacterId, command: SocialCommand) {
    map.say(FromMap::Social { character, command }).await;
}

/// The next social event for a character.
pub(super) async fn heard(map: &mut FakeMap, character: CharacterId) -> SocialEvent {
    map.wait(|message| match message {
        ToMap::Social { character: to, event } if *to == character => Some(event.clone()),
        _ => None,
    })
    .await
}

pub(super) fn names(event: &SocialEvent) -> Vec<(&str, bool)> {
    let SocialEvent::PartyState { members, .. } = event else { panic!("{event:?} is no party state") };
    members.iter().map(|member| (member.name.as_str(), member.online)).collect()
}

/// Ann on map server 1, Bob on map server 2.
async fn two_players(world: &TestWorld) -> (FakeMap, Player, FakeMap, Player) {
    let mut first = world.map_server("map-1", &[1]).await;
    let (ann, _) = world.in_world("Ann", &mut first).await;
    first.close().await;
    let mut second = world.map_server("map-2", &[1]).await;
    let (bob, _) = world.in_world("Bob", &mut second).await;
    let first = world.link("map-1", &[1]).await;
    (first, ann, second, bob)
}

#[tokio::test]
async fn a_whisper_finds_its_listener_by_name() {
    let world = TestWorld::start().await;
    let (mut first, ann, mut second, bob) = two_players(&world).await;
    let whisper = |to: &str, text: &str| SocialCommand::Whisper { to: to.to_owned(), text: text.to_owned() };
    command(&mut first, ann.character, whisper("bOB", "hi")).await;
    let expected = SocialEvent::Whisper { from: "Ann".to_owned(), text: "hi".to_owned() };
    assert_eq!(heard(&mut second, bob.character).await, expected);
    let sent = SocialEvent::WhisperSent { to: "Bob".to_owned(), text: "hi".to_owned() };
    assert_eq!(heard(&mut first, ann.character).await, sent);
    for (to, text, code) in [
        ("Nobody", "hi", "NOT_ONLINE"),
        ("Bob", "", "BAD_MESSAGE"),
        ("Bob", &"x".repeat(241), "BAD_MESSAGE"),
        ("Bob", "a\u{2028}Admin: hi", "BAD_MESSAGE"),
        ("Bob", "\u{202e}cod.exe", "BAD_MESSAGE"),
    ] {
        command(&mut first, ann.character, whisper(to, text)).await;
        assert_eq!(heard(&mut first, ann.character).await, SocialEvent::Failed { code: code.to_owned() });
    }
    let longest = "x".repeat(240);
    command(&mut first, ann.character, whisper("Bob", &longest)).await;
    let expected = SocialEvent::Whisper { from: "Ann".to_owned(), text: longest };
    assert_eq!(heard(&mut second, bob.character).await, expected, "he has heard nothing of what was refused");
}

/// Has an administrator mute a player until a time in Unix milliseconds.
async fn mute(world: &TestWorld, player: &Player, until_ms: Option<u64>) {
    let set = "UPDATE accounts SET muted_until_ms = $2 WHERE id = $1";
    let mut db = world.state().store.sql().begin_write("mute").await.unwrap();
    let until_ms = until_ms.map(|until_ms| i64::try_from(until_ms).unwrap());
    sqlx::query(set).bind(player.account.to_string()).bind(until_ms).execute(&mut *db).await.unwrap();
    db.commit().await.unwrap();
}

#[tokio::test]
async fn a_map_server_is_told_who_is_muted_at_once_and_at_each_arrival() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (ann, mut client) = world.in_world("Ann", &mut map).await;
    let hour_ms = 60 * 60 * 1_000;
    mute(&world, &ann, Some(world.state().time.now_ms() + hour_ms)).await;
    world.state().world.exits.social.muted(ann.account);
    let SocialEvent::Muted { for_s } = heard(&mut map, ann.character).await else { panic!() };
    assert!((3_500..=3_600).contains(&for_s), "{for_s}");
    client.enter(ann.character).await;
    let (character, epoch, reason) = map.kick().await;
    map.release(save(character, epoch, 1, soft_at(1, 0)), reason).await;
    let (character, epoch) = map.admit().await;
    map.entered(character, epoch).await;
    let event = heard(&mut map, ann.character).await;
    assert!(matches!(event, SocialEvent::Muted { for_s: 1.. }), "{event:?}");
    mute(&world, &ann, None).await;
    world.state().world.exits.social.muted(ann.account);
    assert_eq!(heard(&mut map, ann.character).await, SocialEvent::Muted { for_s: 0 });
}

#[tokio::test]
async fn a_map_server_that_does_not_know_mutes_is_not_told() {
    let world = TestWorld::start().await;
    let cookie = FakeMap::register(world.state(), "map-1", &[1], None).await;
    let mut map = FakeMap::open(world.state()).await;
    map.hello_of(OLDEST_LINK_VERSION, "map-1", &[1], &cookie, true).await;
    assert!(!map.welcomed().await);
    map.reclaim(&[]).await;
    let (ann, _client) = world.in_world("Ann", &mut map).await;
    mute(&world, &ann, Some(u64::MAX >> 1)).await;
    world.state().world.exits.social.muted(ann.account);
    // What is sent after it comes first.
    command(&mut map, ann.character, SocialCommand::PartyLeave).await;
    assert_eq!(heard(&mut map, ann.character).await, SocialEvent::Failed { code: "NOT_IN_PARTY".to_owned() });
}

/// Ann invites Bob to her party, and he accepts.
pub(super) async fn party(first: &mut FakeMap, ann: &Player, second: &mut FakeMap, bob: &Player) {
    command(first, ann.character, SocialCommand::PartyInvite { to: "Bob".to_owned() }).await;
    let SocialEvent::PartyInvited { party, from } = heard(second, bob.character).await else { panic!() };
    assert_eq!(from, "Ann");
    assert_eq!(names(&heard(first, ann.character).await), [("Ann", true)]);
    command(second, bob.character, SocialCommand::PartyAnswer { party, accept: true }).await;
    for (map, member) in [(first, ann.character), (second, bob.character)] {
        assert_eq!(names(&heard(map, member).await), [("Ann", true), ("Bob", true)]);
    }
}

#[tokio::test]
async fn a_party_spans_map_servers() {
    let world = TestWorld::start().await;
    let (mut first, ann, mut second, bob) = two_players(&world).await;
    party(&mut first, &ann, &mut second, &bob).await;
    command(&mut second, bob.character, SocialCommand::PartyChat { text: "onward".to_owned() }).await;
    let said = SocialEvent::PartyChat { from: "Bob".to_owned(), text: "onward".to_owned() };
    assert_eq!(heard(&mut first, ann.character).await, said);

    let epoch = world.lock(bob.character).await.epoch;
    second.release(save(bob.character, epoch, 1, soft_at(1, 0)), LeaveReason::ConnectionLost).await;
    assert_eq!(names(&heard(&mut first, ann.character).await), [("Ann", true), ("Bob", false)]);
}

#[tokio::test]
async fn a_map_server_speaks_only_for_who_is_there() {
    let world = TestWorld::start().await;
    let (mut first, ann, mut second, bob) = two_players(&world).await;
    command(&mut first, bob.character, SocialCommand::Whisper { to: "Ann".to_owned(), text: "forged".to_owned() })
        .await;
    first.sync().await;
    command(&mut second, bob.character, SocialCommand::Whisper { to: "Ann".to_owned(), text: "true".to_owned() }).await;
    let expected = SocialEvent::Whisper { from: "Bob".to_owned(), text: "true".to_owned() };
    assert_eq!(heard(&mut first, ann.character).await, expected);
}

#[tokio::test]
async fn a_party_learns_from_the_locks_what_it_was_not_told() {
    let world = TestWorld::start().await;
    let (mut first, ann, mut second, bob) = two_players(&world).await;
    party(&mut first, &ann, &mut second, &bob).await;
    // As if another sidecar had freed the lock and died before it announced that.
    let (lock, state) = (world.lock(bob.character).await, world.state());
    let free = CharacterLock { owner: CharacterOwner::None, ..lock.clone() };
    assert!(state.store.locks.change(bob.character, &lock, &free, 0).await.unwrap());
    for _ in 0..2 {
        state.parties.tidy().await.unwrap();
    }
    assert_eq!(names(&heard(&mut first, ann.character).await), [("Ann", true), ("Bob", false)]);
    assert!(state.store.locks.change(bob.character, &free, &lock, 0).await.unwrap());
    for _ in 0..2 {
        state.parties.tidy().await.unwrap();
    }
    assert_eq!(names(&heard(&mut second, bob.character).await), [("Ann", true), ("Bob", true)]);
}
