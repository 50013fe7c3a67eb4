//! What players can do to annoy each other, and its limits.

use realmgate_protocol::link::{CharacterLoad, FromMap, SocialCommand, SocialEvent, SoftState};
use realmgate_protocol::realm::{ChatScope, ClientMessage, Refusal, ServerMessage, TradeEnd, protocol_hash};

use crate::scene::{HERE, Scene, kit, new_character, two_players};

fn invitations(scene: &mut Scene) -> usize {
    let is_invitation =
        |message: &FromMap| matches!(message, FromMap::Social { command: SocialCommand::PartyInvite { .. }, .. });
    std::mem::take(&mut scene.link).iter().filter(|message| is_invitation(message)).count()
}

fn ignore(name: &str) -> ClientMessage {
    ClientMessage::Ignore { name: name.to_owned() }
}

fn ignored(names: &[&str]) -> ServerMessage {
    ServerMessage::Ignored { names: names.iter().map(|name| (*name).to_owned()).collect() }
}

#[test]
fn nobody_asks_others_without_end() {
    let mut scene = two_players();
    let two = scene.net(2);
    let is_limited =
        |heard: &&ServerMessage| matches!(heard, ServerMessage::Refused { reason: Refusal::RateLimited, .. });
    let mut told = 0;
    for round in 0..5 {
        scene.say(1, ClientMessage::PartyInvite { to: format!("Guest{round}") });
        scene.say(1, ClientMessage::TradeRequest { with: two });
        told += scene.ask(1, ClientMessage::TradeCancel).iter().filter(is_limited).count();
    }
    assert_eq!(told, 1, "that it asks too often is told once a second");
    let is_request = |heard: &&ServerMessage| matches!(heard, ServerMessage::TradeRequested { .. });
    let asked = invitations(&mut scene) + scene.hear(2).iter().filter(is_request).count();
    assert_eq!(asked, 3, "parties and trades together");
    let guest = || ClientMessage::PartyInvite { to: "Guest".to_owned() };
    assert_eq!((scene.ask(1, guest()), invitations(&mut scene)), (vec![], 0));
    scene.ticks(30);
    (0..2).for_each(|_| drop(scene.ask(1, guest())));
    assert_eq!(invitations(&mut scene), 1, "a second later it may ask again, once");
}

#[test]
fn the_same_is_not_asked_twice() {
    let mut scene = two_players();
    let request = ClientMessage::TradeRequest { with: scene.net(2) };
    scene.ask(1, request.clone());
    scene.refused(1, request, Refusal::AlreadyAsked);
    let requested = ServerMessage::TradeRequested { from: scene.net(1), name: "Player1".to_owned() };
    assert_eq!(scene.hear(2), [requested]);
    scene.enter(3, kit(&[], 0), HERE);
    let other = ClientMessage::TradeRequest { with: scene.net(3) };
    assert_eq!((scene.ask(1, other), scene.hear(3).len()), (vec![], 1), "another may be asked meanwhile");
    scene.ask(1, ClientMessage::PartyInvite { to: "Ada".to_owned() });
    let refused = scene.refusal(1, "PartyInvite", Refusal::AlreadyAsked);
    let failed = SocialEvent::Failed { code: "ALREADY_ASKED".to_owned() };
    assert_eq!(scene.heard_from_beyond(1, failed), [refused]);
}

#[test]
fn who_is_ignored_is_not_heard_and_does_not_notice() {
    let mut scene = two_players();
    assert_eq!(scene.ask(2, ignore("pLAYER1")), [ignored(&["pLAYER1"])], "names are the same in any case");
    let (from, text) = ("Player1".to_owned(), "psst".to_owned());
    let said = ServerMessage::Chat { scope: ChatScope::Channel, from: from.clone(), text: text.clone() };
    assert_eq!((scene.ask(1, ClientMessage::Chat { text: text.clone() }), scene.hear(2)), (vec![said], vec![]));
    for event in [
        SocialEvent::Whisper { from: from.clone(), text: text.clone() },
        SocialEvent::PartyChat { from: from.clone(), text },
        SocialEvent::PartyInvited { party: 5, from },
    ] {
        assert_eq!(scene.heard_from_beyond(2, event), []);
    }
    let request = ClientMessage::TradeRequest { with: scene.net(2) };
    assert_eq!(scene.ask(1, request.clone()), [], "as if the other did not answer");
    assert_eq!(scene.hear(2), []);
    scene.refused(1, request.clone(), Refusal::AlreadyAsked);
    scene.refused(2, ClientMessage::TradeAnswer { accept: true }, Refusal::NoTrade);
    let cancelled = ServerMessage::TradeEnded { end: TradeEnd::Cancelled };
    assert_eq!(scene.ask(1, ClientMessage::TradeCancel), [cancelled]);
    assert_eq!(scene.hear(2), [], "it never heard of it");

    assert_eq!(scene.ask(2, ClientMessage::Unignore { name: "Player1".to_owned() }), [ignored(&[])]);
    scene.ask(1, request);
    assert_eq!(scene.hear(2).len(), 1, "it hears again");
    let sent = SocialEvent::Whisper { from: "Bo".to_owned(), text: "others".to_owned() };
    let heard = ServerMessage::Chat { scope: ChatScope::Whisper, from: "Bo".to_owned(), text: "others".to_owned() };
    assert_eq!(scene.heard_from_beyond(2, sent), [heard]);
}

#[test]
fn a_list_of_ignored_players_has_its_bounds() {
    let mut scene = two_players();
    scene.refused(1, ignore(""), Refusal::BadText);
    scene.refused(1, ignore(&"x".repeat(129)), Refusal::BadText);
    scene.refused(1, ignore("PLAYER1"), Refusal::BadTarget);
    scene.refused(1, ClientMessage::Unignore { name: "Nobody".to_owned() }, Refusal::NotFound);
    let longest = "x".repeat(128);
    assert_eq!(scene.ask(1, ignore(&longest)), [ignored(&[&longest])]);
    let mut names = vec![longest];
    for number in 1..64 {
        // In the order in which they are listed.
        let name = format!("Pest{number:02}");
        names.insert(number - 1, name.clone());
        let listed: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(scene.ask(1, ignore(&name)), [ignored(&listed)]);
        scene.ticks(2);
    }
    scene.refused(1, ignore("OneMore"), Refusal::TooManyIgnored);
    scene.ticks(30);
    names[62] = "pest63".to_owned();
    let listed: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(scene.ask(1, ignore("pest63")), [ignored(&listed)], "whom it ignores already it may name again");
}

#[test]
fn whom_one_ignores_goes_with_one() {
    let mut scene = two_players();
    scene.ask(1, ignore("Pest"));
    scene.ask(1, ClientMessage::Logout);
    let saved = scene.link.iter().find_map(|message| match message {
        FromMap::Released { save, .. } => Some(save.soft.clone()),
        _ => None,
    });
    let saved = saved.expect("it was let go, saved");
    assert_eq!(saved.ignored, ["Pest"]);

    let mut scene = Scene::new();
    let soft = Some(SoftState { x: HERE.x, y: HERE.y, ..saved });
    scene.join(1, CharacterLoad { soft, ..new_character(1) });
    let heard = scene.ask(1, ClientMessage::Hello { protocol_hash: protocol_hash() });
    assert_eq!(heard.last(), Some(&ignored(&["Pest"])), "it is told whom it ignores");
    let pest = SocialEvent::Whisper { from: "Pest".to_owned(), text: "it is me".to_owned() };
    assert_eq!(scene.heard_from_beyond(1, pest), []);
    let other = SocialEvent::Whisper { from: "Bo".to_owned(), text: "it is me".to_owned() };
    assert_eq!(scene.heard_from_beyond(1, other).len(), 1, "and nobody else");
}

#[test]
fn what_others_cause_may_be_left_out_and_ones_own_not() {
    let mut scene = two_players();
    let with = scene.net(2);
    let (from, text) = ("Bo".to_owned(), "hi".to_owned());
    scene.of_others = 0;
    scene.ask(1, ClientMessage::Chat { text: text.clone() });
    assert_eq!(scene.of_others, 2, "one for each who hears it");
    scene.hear(2);
    for event in [
        SocialEvent::Whisper { from: from.clone(), text: text.clone() },
        SocialEvent::PartyChat { from: from.clone(), text: text.clone() },
        SocialEvent::PartyInvited { party: 5, from: from.clone() },
    ] {
        let before = scene.of_others;
        assert_eq!((scene.heard_from_beyond(2, event).len(), scene.of_others), (1, before + 1));
    }
    scene.ask(1, ClientMessage::TradeRequest { with });
    scene.ask(1, ClientMessage::TradeCancel);
    assert_eq!(scene.of_others, 7, "the request, and its end for who was asked");
    scene.ask(2, ignore("Player1"));
    scene.ask(1, ClientMessage::TradeRequest { with });
    scene.ask(1, ClientMessage::TradeCancel);
    assert_eq!(scene.of_others, 7, "its end is one's own where the other does not hear of it");
    scene.heard_from_beyond(2, SocialEvent::WhisperSent { to: from, text });
    scene.ask(2, ClientMessage::ListChannels);
    scene.refused(2, ClientMessage::TradeCancel, Refusal::NoTrade);
    assert_eq!(scene.of_others, 7, "answers are one's own");
}
